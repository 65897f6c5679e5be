"""How a workbook becomes lines: what each cell is written as, in work that its bytes bound."""

import csv
import io
import tracemalloc
from datetime import date, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from registry.exchange.workbooks import child
from tests.workbooks import ERROR, Make, Rows, archive, ods, xlsx

KINDS = [xlsx, ods]


def lines(folder: Path, book: bytes) -> list[list[str]]:
    path, out = folder / "book", io.BytesIO()
    path.write_bytes(book)
    child.write_sheet(path, out)
    return [*csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig")), delimiter=";")]


CELLS: list[tuple[object, str]] = [
    ("01004", "01004"),
    (1004, "1004"),
    (21590350100017, "21590350100017"),
    (0.5, "0.5"),
    (True, "true"),
    (False, "false"),
    (date(2024, 9, 1), "2024-09-01"),
    (datetime(2024, 9, 1, 12, 30), "2024-09-01T12:30:00"),  # noqa: DTZ001 - a spreadsheet's hour has no zone
    ("01/09/2024", "01/09/2024"),
    ("VRAI", "VRAI"),
    ('une « virgule, "un guillemet" » ; et', 'une « virgule, "un guillemet" » ; et'),
    ("deux\nlignes", "deux lignes"),
    ("=SOMME(A1)", "=SOMME(A1)"),
    ("x" * 32_000, "x" * 32_000),
]


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize(("value", "written"), CELLS)
def test_a_cell_is_written_as_it_would_be_typed(
    tmp_path: Path, make: Make, value: object, written: str
) -> None:
    assert lines(tmp_path, make([["a", "b"], [value, "fin"]])) == [["a", "b"], [written, "fin"]]


@pytest.mark.parametrize("make", KINDS)
def test_each_row_is_a_line_as_wide_as_the_header(tmp_path: Path, make: Make) -> None:
    rows: Rows = [[], ["", "a", "b"], [], ["", "1"], [], ["", "", "", "de trop"], []]
    bare = [[cell for cell in row[1:] if cell] for row in lines(tmp_path, make(rows))]
    assert bare == [[], ["a", "b"], [], ["1"], [], ["de trop"]]
    assert {len(row) for row in lines(tmp_path, make(rows)) if row} == {3, 4}


@pytest.mark.parametrize("make", KINDS)
def test_cells_in_error_stand_where_they_were(tmp_path: Path, make: Make) -> None:
    """Even where nothing else is in their row or in their column."""
    rows: Rows = [["a", "b"], ["", ERROR], [], [ERROR], ["", "", "", ERROR]]
    shown = [
        [(place, cell) for place, cell in enumerate(row) if cell.startswith("#")]
        for row in lines(tmp_path, make(rows))
    ]
    error = "#N/A" if make is xlsx else "#N/D"
    assert shown == [[], [(1, error)], [], [(0, error)], [(3, error)]]


def test_a_sheet_whose_cells_are_all_in_error_is_no_work_to_correct(tmp_path: Path) -> None:
    with pytest.raises(child.Refused, match="cellules en erreur"):
        lines(tmp_path, xlsx([[ERROR] * 20 for _ in range(1_001)]))


class Counted(io.BytesIO):
    """How many times it is read, and how many bytes come out."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.reads, self.bytes = 0, 0

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert 0 < size <= child.CHUNK
        chunk = super().read(size)
        self.reads, self.bytes = self.reads + 1, self.bytes + len(chunk)
        return chunk


def test_ten_times_the_bytes_are_ten_times_the_reads() -> None:
    """Each window is read once, whatever stands at its edges."""
    few, many = (Counted(b"<" * (child.CHUNK * times)) for times in (3, 30))
    for content in (few, many):
        size, marked = child._unpack(content, child.UNPACKED, is_xml=True)
        assert (size, marked) == (content.bytes, False)
    assert (few.reads, many.reads) == (4, 31)


@pytest.mark.parametrize("mark", [child.DOCTYPE, *child.ERROR_MARKS])
@pytest.mark.parametrize("before", range(child.CHUNK - 30, child.CHUNK + 1, 3))
def test_a_mark_is_seen_across_two_windows(mark: bytes, before: int) -> None:
    content = Counted(b" " * before + mark + b" " * 100)
    if mark == child.DOCTYPE:
        with pytest.raises(child.Refused, match="DOCTYPE"):
            child._unpack(content, child.UNPACKED, is_xml=True)
    else:
        assert child._unpack(content, child.UNPACKED, is_xml=True)[1]


@pytest.mark.parametrize("times", [1, 10])
def test_a_bomb_is_left_once_its_room_is_full(tmp_path: Path, times: int) -> None:
    """Ten times the bomb takes no more memory, and as many bytes come out as its size allows."""
    path = tmp_path / "bomb"
    path.write_bytes(archive({"xl/workbook.xml": b"\0" * (20_000_000 * times)}))
    tracemalloc.start()
    with ZipFile(path) as bomb, pytest.raises(child.Refused, match="décompressé"):
        child.check(bomb, path.stat().st_size)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
