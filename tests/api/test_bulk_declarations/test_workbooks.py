"""Workbooks sent as they are: read as CSV is, by the same reader, or refused with the way out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from registry.database import Database
from registry.exchange.workbooks import child, reading
from tests.api.conftest import Token
from tests.api.test_bulk_declarations.conftest import EBENE, HEADER, Send, links
from tests.workbooks import ERROR, FIRST_SHEET, Make, archive, ods, with_entry, xlsx

pytestmark = pytest.mark.usefixtures("world")

COLUMNS = HEADER.split(",")
REST = [EBENE, "famille", "PERISCOLAIRE", "2024-01-01"]
GOOD = [COLUMNS, ["01006", *REST]]
KINDS = [xlsx, ods]

Tried = tuple[dict[str, Any], str]
Try = Callable[[bytes], Awaitable[Tried]]


@pytest.fixture
def attempt(send: Send, token: Token, client: httpx2.AsyncClient) -> Try:
    """The report of a workbook whose right lines are written, and the text of its faulty lines."""

    async def run(content: bytes) -> Tried:
        by = await token(EBENE)
        done = await send(by, content, acceptValid="true")
        if done["faultyFile"] is None:
            return done["report"], ""
        back = await client.get(done["faultyFile"], headers={"Authorization": f"Bearer {by}"})
        assert back.status_code == 200
        return done["report"], back.content.decode()

    return run


@pytest.fixture
def refusal(put: Send, token: Token, uploads: Path) -> Callable[[bytes], Awaitable[str]]:
    """Why a file is refused at the door; nothing of it stays."""

    async def run(content: bytes) -> str:
        reply = await put(await token(EBENE), content)
        assert reply.status_code in (400, 413), reply.text
        assert not [*uploads.iterdir()]
        message: str = reply.json()["errors"][0]["message"]
        return message

    return run


def places(report: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(fault["line"], fault["column"], fault["value"]) for fault in report["faults"]]


DRESSES: dict[str, list[list[object]]] = {
    "text": GOOD,
    "a day": [COLUMNS, ["01006", *REST[:3], date(2024, 1, 1)]],
    "a French day": [COLUMNS, ["01006", *REST[:3], "01/01/2024"]],
    "empty rows": [[], [], COLUMNS, [], ["01006", *REST], [], []],
    "rows of spaces": [COLUMNS, [" ", " "], ["01006", *REST]],
    "empty columns": [["", "", *COLUMNS], ["", "", "01006", *REST]],
    "a code as a formula": [COLUMNS, ['="01006"', *REST]],
    "lines inside a cell": [COLUMNS, [" 01006\n", *REST]],
    "another column": [[*COLUMNS, "motif"], ["01006", *REST, 'déjà ; vu, « "hier" »']],
}


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("dress", DRESSES)
async def test_what_is_unambiguous_is_taken(
    attempt: Try, database: Database, make: Make, dress: str
) -> None:
    report, _ = await attempt(make(DRESSES[dress]))
    assert (report["created"], report["faults"]) == (1, [])
    assert str((await links(database, "01006"))[0][3]) == "2024-01-01"


@pytest.mark.parametrize("make", KINDS)
async def test_a_leading_zero_is_offered_back_on_the_rows_own_line(
    attempt: Try, make: Make
) -> None:
    rows = [[], COLUMNS, [1005, *REST], [], ["01004", 62711, *REST[1:]], ["01006", *REST]]
    report, back = await attempt(make(rows))
    assert report["created"] == 1
    assert places(report) == [(3, "collectivite", "1005"), (5, "vendor_siren", "62711")]
    assert "vouliez-vous dire 01005 ?" in report["faults"][0]["reason"]
    assert "vouliez-vous dire 000062711 ?" in report["faults"][1]["reason"]
    header, first, second, rest = back.split("\r\n")
    assert header == "\ufeff" + ";".join([*COLUMNS, "motif"])
    assert first.startswith(";".join(["1005", *REST, ""]))
    assert second.startswith(";".join(["01004", "62711", *REST[1:], ""]))
    assert rest == ""


@pytest.mark.parametrize("make", KINDS)
async def test_a_cell_in_error_is_a_fault_of_its_own(attempt: Try, make: Make) -> None:
    header = [*COLUMNS, "until"]
    rows = [header, ["01006", *REST], [ERROR, *REST, ""], ["01004", *REST, ERROR]]
    report, _ = await attempt(make(rows))
    assert report["created"] == 1
    assert [place[:2] for place in places(report)] == [(3, "collectivite"), (4, "until")]
    assert all("en erreur" in fault["reason"] for fault in report["faults"])


async def test_repeated_cells_in_error_are_each_a_fault(attempt: Try) -> None:
    rows = [[*COLUMNS, "until"], ["01006", *REST, ERROR]]
    cell = b'><table:table-cell office:value-type="string"><text:p>01006'
    twice = b' table:number-rows-repeated="2"' + cell
    repeated = with_entry(ods(rows), "content.xml", lambda xml: xml.replace(cell, twice))
    report, _ = await attempt(repeated)
    assert [place[:2] for place in places(report)] == [(2, "until"), (3, "until")]


@pytest.mark.parametrize("make", KINDS)
async def test_a_day_with_an_hour_is_refused(attempt: Try, make: Make) -> None:
    report, _ = await attempt(make([COLUMNS, ["01006", *REST[:3], datetime(2024, 1, 1, 12)]]))  # noqa: DTZ001 - a spreadsheet's hour has no zone
    assert places(report) == [(2, "since", "2024-01-01T12:00:00")]


async def test_days_are_counted_from_1904_where_the_workbook_says_so(attempt: Try) -> None:
    rows = [COLUMNS, ["01006", *REST[:3], date(2024, 1, 1)]]
    report, _ = await attempt(xlsx(rows, since_1904=True))
    assert (report["created"], report["faults"]) == (1, [])


@pytest.mark.parametrize("make", KINDS)
async def test_an_empty_cell_makes_unknown_as_in_csv(
    attempt: Try, database: Database, make: Make
) -> None:
    header = [*COLUMNS, "until"]
    await attempt(make([header, ["01006", *REST, "2030-01-01"]]))
    report, _ = await attempt(make([header, ["01006", *REST]]))
    assert report["changed"] == 1
    assert (await links(database, "01006"))[0][4] is None


@pytest.mark.parametrize("make", KINDS)
async def test_an_empty_sheet_lacks_its_header(send: Send, token: Token, make: Make) -> None:
    done = await send(await token(EBENE), make([]))
    assert done["state"] == "REFUSED"
    assert "nommer les colonnes" in done["report"]["faults"][0]["reason"]


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def announced(size: int) -> Callable[[bytes], bytes]:
    """Both headers of the first entry say that it unpacks to that size."""

    def lie(book: bytes) -> bytes:
        lying = bytearray(book)
        lying[22:26] = size.to_bytes(4, "little")
        central = book.index(b"PK\1\2")
        lying[central + 24 : central + 28] = size.to_bytes(4, "little")
        return bytes(lying)

    return lie


BOMB = archive({"xl/workbook.xml": b" " * 20_000_000})
REFUSED = {
    "Word": (archive({"word/document.xml": "<w/>"}), "Document Word"),
    "xlsb": (archive({"xl/workbook.bin": b"\0"}), ".xlsb"),
    "Numbers": (archive({"Index/Document.iwa": b"\0"}), "Numbers"),
    "an archive": (archive({"clients.csv": HEADER}), "Archive"),
    "an empty archive": (archive({}), "Archive"),
    "a text document": (
        archive({"mimetype": "application/vnd.oasis.opendocument.text"}),
        "Archive",
    ),
    "a password": (
        ods(GOOD, "<manifest:encryption-data/>"),
        "mot de passe",
    ),
    "half a workbook": (xlsx(GOOD)[:3000], "abîmé"),
    "no sheet": (archive({"xl/workbook.xml": "<workbook/>"}), "abîmé"),
    "entities": (with_entry(xlsx(GOOD), FIRST_SHEET, LAUGHS.__add__), "DOCTYPE"),
    "entities in UTF-16": (
        with_entry(xlsx(GOOD), FIRST_SHEET, lambda xml: (LAUGHS + xml).decode().encode("utf-16")),
        "UTF-16",
    ),
    "a bomb": (BOMB, "décompressé"),
    "a bomb that says it is small": (announced(10)(BOMB), "abîmé"),
    "many entries": (archive({f"{n}": "" for n in range(child.ENTRIES + 1)}), "10000 fichiers"),
    "a cell at each end": (
        with_entry(
            xlsx(GOOD),
            FIRST_SHEET,
            lambda xml: xml.replace(
                b"</sheetData>",
                b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
            ),
        ),
        "",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_what_can_not_be_read_is_refused_with_the_way_out(
    refusal: Callable[[bytes], Awaitable[str]], kind: str
) -> None:
    content, said = REFUSED[kind]
    message = await refusal(content)
    assert said in message
    assert "enregistrez" in message


async def test_a_workbook_larger_than_a_file_of_lines_may_be_is_refused(
    refusal: Callable[[bytes], Awaitable[str]],
) -> None:
    """20 MB of lines may be sent here, whatever they are packed in."""
    wide = [COLUMNS, *[["x" * 32_000, str(n)] for n in range(700)]]
    assert "dépasse" in await refusal(xlsx(wide))


async def test_a_child_ends_with_whoever_waits_for_it(tmp_path: Path) -> None:
    """It can't have ended by itself: nothing of its many lines is read."""
    path = tmp_path / "book"
    path.write_bytes(xlsx([["x" * 1000] for _ in range(2000)]))

    async def stay() -> None:
        await asyncio.Event().wait()

    def children() -> list[psutil.Process]:
        return [each for each in psutil.Process().children() if str(path) in each.cmdline()]

    lines = reading.first_sheet(path, stay)
    assert (await anext(lines)).startswith(b"\xef\xbb\xbfxxx")
    assert len(children()) == 1
    await lines.aclose()
    assert children() == []


async def test_a_child_ends_when_its_sender_leaves(tmp_path: Path) -> None:
    path = tmp_path / "book"
    path.write_bytes(xlsx([["x" * 1000] for _ in range(2000)]))

    async def leave() -> None:
        """At once."""

    with pytest.raises(reading.InvalidInput):
        [each async for each in reading.first_sheet(path, leave)]
