"""The lines that were refused, as a file to correct and send again, written as it came."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from registry.domain.clock import today
from registry.exchange.bundle.cells import neutralise, restore
from registry.exchange.bundle.records import CODE, Sheet, read_sheet

REASON = "motif"
"""The column that tells what is wrong."""
STEP = 1_000
"""Lines read between two moments at which a reader that left is noticed."""


def name() -> str:
    return f"lignes-fautives-{today()}.csv"


async def lines(source: Path, reasons: Mapping[int, str]) -> AsyncIterator[bytes]:
    """The header and each line of ``reasons``, by number, with its reason in a last column.

    The reader of the report reads again, step by step: it stops with whoever asks.
    """
    with source.open("rb") as file:
        steps = _steps(file, source.stat().st_size, reasons)
        while (text := await asyncio.to_thread(next, steps, None)) is not None:
            if text:
                yield text


def _steps(file: BinaryIO, size: int, reasons: Mapping[int, str]) -> Iterator[bytes]:
    """What each step adds to the file, maybe nothing."""
    sheet = read_sheet(file, size)
    names = sheet.header.cells
    own = [place for place, name in enumerate(names) if name.strip() != REASON]
    yield _opening(sheet) + _line(sheet, [*(names[place] for place in own), REASON])
    last = max(reasons)
    for count, record in enumerate(sheet.rows, 1):
        if record.line in reasons:
            cells = record.cells + [""] * (len(names) - len(record.cells))
            beyond = cells[len(names) :]
            yield _line(sheet, [*(cells[place] for place in own), reasons[record.line], *beyond])
        elif count % STEP == 0:
            yield b""
        if record.line >= last:
            return


def _opening(sheet: Sheet) -> bytes:
    dress = sheet.dress
    mark = b"\xef\xbb\xbf" if dress.encoding == "utf-8-sig" else b""
    return mark + (f"sep={dress.delimiter}{dress.newline}".encode() if dress.announced else b"")


def _line(sheet: Sheet, cells: list[str]) -> bytes:
    dress, out = sheet.dress, io.StringIO()
    writer = csv.writer(out, delimiter=dress.delimiter, lineterminator=dress.newline)
    writer.writerow([_harmless(cell) for cell in cells])
    encoding = dress.encoding.removesuffix("-sig")
    return out.getvalue().encode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")


def _harmless(cell: str) -> str:
    return cell if CODE.fullmatch(cell) else neutralise(restore(cell))
