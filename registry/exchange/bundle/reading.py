"""A CSV file from outside, read with suspicion and in constant memory."""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn

from registry.domain.search import folded
from registry.exchange.bundle.cells import Reader, Unreadable, Value, reader
from registry.exchange.bundle.faults import Faults
from registry.exchange.tables import Column, Kind, Table

LINE_LIMIT = 1_000_000
FIELD_LIMIT = 100_000
SHOWN_COLUMNS = 20
_HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_UNDECODED = "\udc80-\udcff"  # Bytes that are not UTF-8, as PEP 383 writes them.
HIDDEN = re.compile(f"[{_HIDDEN}]")
UNDECODED = re.compile(f"[{_UNDECODED}]")
SUSPECT = re.compile(f"[{_HIDDEN}{_UNDECODED}]")

MISQUOTED = 'guillemet au milieu d’une cellule : entourez-la de guillemets et doublez celui-ci ("")'

Progress = Callable[[str, int, int], None]
"""Told the file's name, the bytes read and the bytes in all."""

Row = tuple[Value | int | None, ...]


class _Broken(Exception):
    """This line can't be read."""


class _Lost(_Broken):
    """Nor can what follows: nobody can tell where the next line starts."""


@dataclass(frozen=True)
class Csv:
    """``present`` are the columns of the header, in its order; ``rows`` start with the line number
    and whether the line is faulty, then a value for each column, then the searched text.
    """

    present: tuple[Column, ...]
    rows: Iterator[Row]


@contextmanager
def opened(
    path: Path, table: Table, faults: Faults, today: date, progress: Progress
) -> Iterator[Csv | None]:
    """None when the header can't be used: its faults are collected."""
    csv.field_size_limit(FIELD_LIMIT)
    with path.open("rb") as file:
        lines = _Lines(file, path.stat().st_size, partial(progress, table.file))
        header = _header(lines, table, faults)
        if header is None:
            yield None
        else:
            yield Csv(header, _rows(lines, table, header, faults, today))


class _Lines:
    """Decoded lines, how many were read, and those of the record under way."""

    def __init__(self, file: BinaryIO, size: int, progress: Callable[[int, int], None]) -> None:
        self.file, self.size, self.progress = file, size, progress
        self.count = 0
        self.delimiter = ","
        self.record: list[str] = []
        self.length = 0

    def start(self) -> int:
        """The number of the line where a new record starts."""
        self.record.clear()
        self.length = 0
        return self.count + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self.file.readline(LINE_LIMIT + 1)
        if not raw:
            self.progress(self.size, self.size)
            raise StopIteration
        self.count += 1
        self.length += len(raw)
        if self.length > LINE_LIMIT:
            self._leave(raw)
        if self.count % 5000 == 0:
            self.progress(self.file.tell(), self.size)
        text = raw.decode("utf-8-sig" if self.count == 1 else "utf-8", "surrogateescape")
        self.record.append(text)
        return text

    def _leave(self, raw: bytes) -> NoReturn:
        """Skip the rest of a line that is too long."""
        reason = f"ligne de plus de {LINE_LIMIT} octets"
        if self.record:
            raise _Lost(f"{reason} (un guillemet n’est pas fermé ?)")
        self.record.append(raw[:FIELD_LIMIT].decode("utf-8", "surrogateescape"))
        while raw and not raw.endswith(b"\n"):
            raw = self.file.readline(LINE_LIMIT)
        raise _Broken(reason)


def _header(lines: _Lines, table: Table, faults: Faults) -> tuple[Column, ...] | None:
    try:
        first = next(lines, "")
        lines.delimiter = ";" if ";" in first and "," not in first else ","
        names = next(csv.reader([first], delimiter=lines.delimiter, strict=True), [])
    except (_Broken, csv.Error) as error:
        reason = f"en-tête illisible : {_broken(error, lines)}"
        faults.add(table.file, 1, "", "".join(lines.record), reason)
        return None
    if suspicion := _suspicion(first):
        faults.add(table.file, 1, "", first, f"en-tête illisible : {suspicion}")
        return None
    names = [name.strip() for name in names]
    if not any(names):
        faults.add(table.file, 1, "", "", "la première ligne doit nommer les colonnes")
        return None
    before = len(faults.found)
    unknown = [name for name in names if table.column(name) is None]
    expected = ", ".join(column.name for column in table)
    for name in unknown[:SHOWN_COLUMNS]:
        reason = f"colonne inconnue ; colonnes possibles : {expected}"
        faults.add(table.file, 1, name, "", reason if name else "colonne sans nom")
    if len(unknown) > SHOWN_COLUMNS:
        more = len(unknown) - SHOWN_COLUMNS
        faults.add(table.file, 1, "", "", f"{more} autres colonnes inconnues")
    for column in table:
        if names.count(column.name) > 1:
            faults.add(table.file, 1, column.name, "", "colonne présente deux fois")
        elif column.mandatory and column.name not in names:
            faults.add(table.file, 1, column.name, "", "colonne obligatoire absente")
    if len(faults.found) > before:
        return None
    return tuple(known for name in names if (known := table.column(name)))


def _rows(
    lines: _Lines, table: Table, header: tuple[Column, ...], faults: Faults, today: date
) -> Iterator[Row]:
    readers = [reader(column, today) for column in header]
    wary = [_wary(read) for read in readers]
    names = [column.name for column in header]
    searched = [names.index(name) for name in table.searched]
    records = csv.reader(lines, delimiter=lines.delimiter, strict=True)
    while True:
        line = lines.start()
        try:
            cells = next(records, None)
        except (_Broken, csv.Error) as error:
            broken = _broken(error, lines)
            faults.add(table.file, line, "", "".join(lines.record), str(broken))
            if isinstance(broken, _Lost):
                faults.blind = True
                return
            continue
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cellules au lieu de {len(header)}"
            faults.add(table.file, line, "", "".join(lines.record), reason)
            continue
        text = "".join(cells)
        if '"' in text and (column := _misquoted(header, cells, "".join(lines.record))):
            faults.add(table.file, line, column.name, "".join(lines.record), MISQUOTED)
            continue
        suspect = SUSPECT.search(text) is not None
        row = _read(table, header, wary if suspect else readers, cells, line, faults)
        if row is not None:
            search = folded(*(cells[position] for position in searched)) if searched else None
            yield (*row, search)


def _read(
    table: Table,
    header: tuple[Column, ...],
    readers: list[Reader],
    cells: list[str],
    line: int,
    faults: Faults,
) -> list[Value | int | None] | None:
    """None when it can't be told what the line speaks of."""
    row: list[Value | int | None] = [line, False]
    keyless = False
    for column, read, cell in zip(header, readers, cells, strict=True):
        if cell and not cell.isspace():
            try:
                row.append(read(cell))
            except Unreadable as unreadable:
                reason = str(unreadable)
            else:
                continue
        elif not column.mandatory:
            row.append(column.default)
            continue
        else:
            reason = "cellule obligatoire vide"
        faults.add(table.file, line, column.name, cell, reason)
        row.append(None)
        row[1] = True
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


def _misquoted(header: tuple[Column, ...], cells: list[str], record: str) -> Column | None:
    """The column of a cell that holds a quote and was not written between quotes (RFC 4180)."""
    for column, cell in zip(header, cells, strict=True):
        doubled = cell.replace('"', '""')
        if '"' in cell and f'"{doubled}"' not in record:
            return column
    return None


def _broken(error: Exception, lines: _Lines) -> _Broken:
    """What the reader of CSV says, in French, and whether the file can be read on."""
    text = str(error)
    if isinstance(error, _Broken):
        return error
    if "field larger" in text:
        reason = f"cellule de plus de {FIELD_LIMIT} caractères"
        several = len(lines.record) > 1
        return _Lost(f"{reason} (un guillemet n’est pas fermé ?)") if several else _Broken(reason)
    if "unexpected end" in text:
        return _Lost("un guillemet ouvert n’est pas fermé")
    if "new-line" in text:
        return _Broken("retour chariot (CR) seul : terminez les lignes par LF ou CRLF")
    return _Broken('un guillemet ferme une cellule avant sa fin : doublez les guillemets ("")')
