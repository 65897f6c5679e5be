"""The lines that were refused, as a file to correct and send again."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from registry.exchange.bundle.cells import neutralise, restore

REASON = "motif"
"""The column that tells what is wrong; a file that comes back with it is taken."""


def lines(source: Path, reasons: Mapping[int, str]) -> Iterator[str]:
    """The header and each line of ``reasons``, by number, with its reason in a last column."""
    with source.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = file.readline()
        delimiter = ";" if ";" in header and "," not in header else ","
        names = _cells(header, delimiter)
        kept = [position for position, name in enumerate(names) if name.strip() != REASON]
        yield _line([*(names[position] for position in kept), REASON])
        for number, record in _records(file, 2):
            if number in reasons:
                cells = _cells(record, delimiter)
                own = [cells[place] for place in kept] if len(cells) == len(names) else cells
                yield _line([*own, reasons[number]])


def _records(file: Iterable[str], first: int) -> Iterator[tuple[int, str]]:
    """Each record, a quoted cell's lines being one, with the number of its first line."""
    record, start = "", first
    for number, text in enumerate(file, first):
        if not record:
            start = number
        record += text
        if record.count('"') % 2 == 0:
            yield start, record
            record = ""
    if record:
        yield start, record


def _cells(record: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return [record.strip()]


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([neutralise(restore(cell)) for cell in cells])
    return out.getvalue()
