"""A CSV file from outside, read with suspicion and in constant memory."""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

from registry.domain.search import folded
from registry.exchange.bundle.cells import Reader, Unreadable, Value, reader
from registry.exchange.bundle.faults import Faults
from registry.exchange.tables import Column, Table

LINE_LIMIT = 1_000_000
FIELD_LIMIT = 100_000
SHOWN_COLUMNS = 20
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

Progress = Callable[[str, int, int], None]
"""Told the file's name, the bytes read and the bytes in all."""

Row = tuple[Value | int | None, ...]


class _Broken(Exception):
    """The file can't be read beyond this line."""


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
    """Decoded lines, and how many were read."""

    def __init__(self, file: BinaryIO, size: int, progress: Callable[[int, int], None]) -> None:
        self.file, self.size, self.progress = file, size, progress
        self.count = 0
        self.delimiter = ","

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self.file.readline(LINE_LIMIT + 1)
        if not raw:
            self.progress(self.size, self.size)
            raise StopIteration
        self.count += 1
        if len(raw) > LINE_LIMIT:
            raise _Broken(f"ligne de plus de {LINE_LIMIT} octets")
        if self.count % 5000 == 0:
            self.progress(self.file.tell(), self.size)
        try:
            return raw.decode("utf-8-sig" if self.count == 1 else "utf-8")
        except UnicodeDecodeError as error:
            octet = raw[error.start]
            raise _Broken(
                f"octet 0x{octet:02X} qui n’est pas de l’UTF-8 : "
                "enregistrez le fichier au format « CSV UTF-8 »"
            ) from None


def _header(lines: _Lines, table: Table, faults: Faults) -> tuple[Column, ...] | None:
    try:
        first = next(lines, "")
        lines.delimiter = ";" if ";" in first and "," not in first else ","
        names = next(csv.reader([first], delimiter=lines.delimiter, strict=True), [])
    except (_Broken, csv.Error) as error:
        faults.add(table.file, 1, "", "", f"en-tête illisible : {error}")
        return None
    names = [name.strip() for name in names]
    before = len(faults.found)
    unknown = [name for name in names if table.column(name) is None]
    expected = ", ".join(column.name for column in table)
    for name in unknown[:SHOWN_COLUMNS]:
        faults.add(table.file, 1, name, "", f"colonne inconnue ; colonnes possibles : {expected}")
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
    names = [column.name for column in header]
    searched = [names.index(name) for name in table.searched]
    records = csv.reader(lines, delimiter=lines.delimiter, strict=True)
    while True:
        line = lines.count + 1
        try:
            cells = next(records, None)
        except (_Broken, csv.Error) as error:
            faults.add(table.file, line, "", "", _broken(error))
            return
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cellules au lieu de {len(header)}"
            faults.add(table.file, line, "", "", reason)
            continue
        if HIDDEN.search("".join(cells)):
            _report_hidden(table, header, cells, line, faults)
            continue
        row = _read(table, header, readers, cells, line, faults)
        if row is not None:
            text = folded(*(cells[position] for position in searched)) if searched else None
            yield (*row, text)


def _read(
    table: Table,
    header: tuple[Column, ...],
    readers: list[Reader],
    cells: list[str],
    line: int,
    faults: Faults,
) -> list[Value | int | None] | None:
    """None when a key can't be read: nothing can be said of such a line."""
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
        keyless = keyless or column.key
    return None if keyless else row


def _report_hidden(
    table: Table, header: tuple[Column, ...], cells: list[str], line: int, faults: Faults
) -> None:
    for column, cell in zip(header, cells, strict=True):
        if hidden := HIDDEN.search(cell):
            reason = f"caractère invisible U+{ord(hidden[0]):04X} : retirez-le"
            faults.add(table.file, line, column.name, cell, reason)


def _broken(error: Exception) -> str:
    text = str(error)
    if "field larger" in text:
        return f"cellule de plus de {FIELD_LIMIT} caractères (un guillemet n’est pas fermé ?)"
    if "unexpected end" in text:
        return "un guillemet ouvert n’est pas fermé"
    if "expected after" in text:
        return 'un guillemet ferme une cellule avant sa fin : doublez les guillemets ("")'
    return text
