"""A CSV file from outside, read with suspicion and in constant memory."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from registry.domain.search import folded
from registry.exchange.bundle.cells import Reader, Unreadable, Value, bare_code, reader
from registry.exchange.bundle.faults import Faults
from registry.exchange.bundle.records import UNDECODED, Record, is_blank, read_sheet
from registry.exchange.tables import Column, Kind, Table

SHOWN_COLUMNS = 20
FAULTY, HELD = 1, 2
"""Where a row tells that its line is faulty, and how many columns it holds."""
_HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
HIDDEN = re.compile(f"[{_HIDDEN}]")
ERROR = re.compile(r"#(N/[AD]|[A-Z0/]{1,10} ?[!?])|Err:[0-9]{3}")
"""What spreadsheets show in the place of what a formula can't tell."""
IN_ERROR = "cellule en erreur dans le tableur : corrigez sa formule, ou écrivez la valeur"

Progress = Callable[[str, int, int], None]
"""Told the file's name, the bytes read and the bytes in all."""

Row = tuple[Value | int | None, ...]

Header = tuple[Column | None, ...]
"""The column of each position; one without a name holds nothing."""


@dataclass(frozen=True)
class Csv:
    """``present``: the columns of the header, in its order. ``rows`` start with the line number,
    whether the line is faulty and how many of those columns it holds, as a short line lacks the
    last ones; then a value for each column, then the searched text.
    """

    present: tuple[Column, ...]
    rows: Iterator[Row]


@contextmanager
def opened(
    path: Path, table: Table, faults: Faults, today: date, progress: Progress
) -> Iterator[Csv | None]:
    """None when the header can't be used: its faults are collected."""
    with path.open("rb") as file:
        sheet = read_sheet(file, path.stat().st_size, partial(progress, table.file))
        header = _header(sheet.header, table, faults)
        if header is None:
            yield None
        else:
            present = tuple(column for column in header if column is not None)
            yield Csv(present, _rows(sheet.rows, table, header, faults, today))


def _header(record: Record, table: Table, faults: Faults) -> Header | None:
    names = [name.strip() for name in record.cells]
    if reason := record.fault or _suspicion("".join(names)):
        faults.add(table.file, record.line, "", _text(record), f"en-tête illisible : {reason}")
        return None
    if not any(names):
        faults.add(table.file, record.line, "", "", "la première ligne doit nommer les colonnes")
        return None
    before = len(faults.found)
    unknown = [name for name in names if name and table.column(name) is None]
    expected = ", ".join(column.name for column in table)
    for name in unknown[:SHOWN_COLUMNS]:
        reason = f"colonne inconnue ; colonnes possibles : {expected}"
        faults.add(table.file, record.line, name, "", reason)
    if len(unknown) > SHOWN_COLUMNS:
        more = len(unknown) - SHOWN_COLUMNS
        faults.add(table.file, record.line, "", "", f"{more} autres colonnes inconnues")
    for column in table:
        if names.count(column.name) > 1:
            faults.add(table.file, record.line, column.name, "", "colonne présente deux fois")
        elif column.mandatory and column.name not in names:
            faults.add(table.file, record.line, column.name, "", "colonne obligatoire absente")
    if len(faults.found) > before:
        return None
    return tuple(table.column(name) for name in names)


def _rows(
    records: Iterator[Record], table: Table, header: Header, faults: Faults, today: date
) -> Iterator[Row]:
    columns = [column for column in header if column is not None]
    readers = [reader(column, today) for column in columns]
    wary = [_wary(read) for read in readers]
    names = [column.name for column in columns]
    searched = [names.index(name) for name in table.searched]
    regular = len(columns) == len(header)
    for record in records:
        line, cells, fault, _, _ = record
        text = "".join(cells)
        if fault:
            _refuse(record, table, header, faults)
            continue
        if not text or text.isspace():
            continue
        held = len(columns)
        if len(cells) != len(header) or not regular:
            if reason := _misplaced(cells, header):
                faults.add(table.file, line, "", _text(record), reason)
                continue
            cells = [cell for cell, column in zip(cells, header, strict=False) if column]
            held = len(cells)
            cells += [""] * (len(columns) - held)
        if '="' in text:
            cells = [bare_code(cell) for cell in cells]
        row = _read(table, columns, readers if text.isprintable() else wary, cells, line, faults)
        if row is not None:
            row[HELD] = held
            search = folded(*(cells[place] for place in searched)) if searched else None
            yield (*row, search)


def _refuse(record: Record, table: Table, header: Header, faults: Faults) -> None:
    """A record that can't be read, by the column of its cell at fault where there is one."""
    column, shown = None, _text(record)
    if record.position is not None and record.position < len(header):
        column = header[record.position]
    if column is not None and record.position is not None:
        shown = record.cells[record.position]
    faults.add(table.file, record.line, column.name if column else "", shown, record.fault)
    faults.blind = faults.blind or record.lost


def _misplaced(cells: list[str], header: Header) -> str | None:
    """Separators that nothing follows are passed over, and so are columns of them."""
    if not is_blank(cells[len(header) :]):
        return f"{len(cells)} cellules au lieu de {len(header)}"
    nameless = [cell for cell, column in zip(cells, header, strict=False) if column is None]
    return None if is_blank(nameless) else "cellule sous une colonne sans nom"


def _text(record: Record) -> str:
    return ",".join(record.cells[:SHOWN_COLUMNS])


def _read(
    table: Table,
    columns: list[Column],
    readers: list[Reader],
    cells: list[str],
    line: int,
    faults: Faults,
) -> list[Value | int | None] | None:
    """None when it can't be told what the line speaks of."""
    row: list[Value | int | None] = [line, False, 0]
    keyless = False
    for column, read, cell in zip(columns, readers, cells, strict=True):
        if cell and not cell.isspace():
            try:
                row.append(read(cell))
            except Unreadable as unreadable:
                reason = IN_ERROR if ERROR.fullmatch(cell) else str(unreadable)
            else:
                continue
        elif not column.mandatory:
            row.append(column.default)
            continue
        else:
            reason = "cellule obligatoire vide"
        faults.add(table.file, line, column.name, cell, reason)
        row.append(None)
        row[FAULTY] = True
        keyless = keyless or (column.key and column.kind is not Kind.PAST)
    return None if keyless else row


def _wary(read: Reader) -> Reader:
    def checked(cell: str) -> Value:
        if suspicion := _suspicion(cell):
            raise Unreadable(suspicion)
        return read(cell)

    return checked


def _suspicion(text: str) -> str | None:
    if undecoded := UNDECODED.search(text):
        octet = ord(undecoded[0]) - 0xDC00
        return (
            f"octet 0x{octet:02X} qui n’est pas de l’UTF-8 : "
            "enregistrez le fichier au format « CSV UTF-8 »"
        )
    if hidden := HIDDEN.search(text):
        return f"caractère invisible U+{ord(hidden[0]):04X} : retirez-le"
    return None
