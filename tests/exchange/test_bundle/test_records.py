"""One reader of lines, whose work follows the size of what it reads."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.exchange.bulk import faulty
from registry.exchange.bundle.records import LINE_LIMIT, Record, Sheet, _Cells, read_sheet


class Looked(str):
    """Text that counts the characters that are looked at."""

    count = 0

    def find(self, text: str, start: int = 0, *_: int) -> int:  # type: ignore[override]
        found = super().find(text, start)
        Looked.count += (len(self) if found < 0 else found) - start + 1
        return found


SHAPES = {
    "an open quote": '"' + "a" * 8,
    "doubled quotes": '"' + '""' * 8,
    "cells in quotes": '"a",' * 8,
    "stray quotes": 'a"b,' * 8,
    "separators": "," * 8,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_character_is_looked_at_a_bounded_number_of_times(shape: str) -> None:
    def work(times: int) -> int:
        Looked.count = 0
        cells = _Cells(",")
        for _ in range(times):
            cells.take(Looked(SHAPES[shape]), "\n")
        cells = _Cells(",")
        cells.take(Looked(SHAPES[shape] * times), "\n")
        return Looked.count

    assert work(1000) <= 11 * work(100)
    assert work(100) <= 3 * 200 * len(SHAPES[shape])


class Counting(io.BytesIO):
    taken = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.taken += len(line)
        return line


@pytest.mark.parametrize("million", [3, 30])
def test_a_quote_that_never_closes_stops_the_reading(million: int) -> None:
    lines = b"a,b\n" * (million * 250_000)
    file = Counting(b'a,b\n1,2\n3,"open\n' + lines)
    rows = list(read_sheet(file, len(lines)).rows)
    assert [(row.line, row.lost) for row in rows] == [(2, False), (3, True)]
    assert file.taken < 1.1 * LINE_LIMIT


async def test_faulty_lines_are_read_no_further_than_their_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sent.csv"
    path.write_bytes(b"a,b\n" * 200_000)
    read = 0

    def counted(file: io.BytesIO, size: int) -> Sheet:
        sheet = read_sheet(file, size)

        def rows() -> Iterator[Record]:
            nonlocal read
            for row in sheet.rows:
                read += 1
                yield row

        return sheet._replace(rows=rows())

    monkeypatch.setattr(faulty, "read_sheet", counted)
    reader = faulty.lines(path, {199_999: "wrong"})
    assert await anext(reader) == b"a,b,motif\n"
    leaving = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.sleep(0.1)
    assert read <= 2 * faulty.STEP
    await reader.aclose()
