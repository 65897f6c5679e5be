"""Files as spreadsheets write them: what is unambiguous is taken, the rest comes back as it came,
each line with its own reason, by the same count as in the report.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from registry.database import Database
from tests.api.conftest import Token
from tests.api.test_bulk_declarations.conftest import EBENE, HEADER, Send, famille, links

pytestmark = pytest.mark.usefixtures("world")

SENDER = EBENE.encode()
REST = EBENE + ",famille,PERISCOLAIRE,2024-01-01"
TAIL = REST.encode()

Tried = tuple[dict[str, Any], bytes | None]
Try = Callable[[bytes], Awaitable[Tried]]


@pytest.fixture
def attempt(send: Send, token: Token, client: httpx2.AsyncClient) -> Try:
    """The report of a file whose right lines are written, and the file of its faulty lines."""

    async def run(content: bytes) -> Tried:
        by = await token(EBENE)
        done = await send(by, content, acceptValid="true")
        if done["faultyFile"] is None:
            return done["report"], None
        back = await client.get(done["faultyFile"], headers={"Authorization": f"Bearer {by}"})
        assert back.status_code == 200
        return done["report"], back.content

    return run


def places(report: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(fault["line"], fault["column"], fault["value"]) for fault in report["faults"]]


def body(ending: str, *lines: str) -> bytes:
    return "".join(line + ending for line in lines).encode()


async def test_lines_that_end_in_two_carriage_returns_count_once(attempt: Try) -> None:
    content = body(
        "\r\r\n", HEADER, famille("01004"), famille("01005"), f"1006,{REST}", famille("01007")
    )
    report, back = await attempt(content)
    assert places(report) == [(4, "collectivite", "1006")]
    assert "vouliez-vous dire 01006 ?" in report["faults"][0]["reason"]
    assert report["created"] == 3
    assert back is not None
    header, line = back.decode().splitlines()
    assert header == f"{HEADER},motif"
    assert line.startswith(f"1006,{REST},")
    assert "vouliez-vous dire 01006 ?" in line


async def test_a_carriage_return_inside_a_cell_starts_no_line(attempt: Try) -> None:
    content = body("\n", HEADER, f'"01004\r",{REST}', famille("01005"), f"1006,{REST}")
    report, back = await attempt(content)
    assert places(report) == [(4, "collectivite", "1006")]
    assert report["created"] == 2
    assert back is not None
    assert back.decode().split("\n")[1].startswith(f"1006,{REST},")


async def test_a_stray_quote_takes_its_own_line_alone(attempt: Try) -> None:
    stray = f'01004,{EBENE},fam"ille,PERISCOLAIRE,2024-01-01'
    content = body("\n", HEADER, stray, famille("01005"), f"1006,{REST}", famille("01007"))
    report, back = await attempt(content)
    assert places(report) == [(2, "product", 'fam"ille'), (4, "collectivite", "1006")]
    assert report["created"] == 2
    assert back is not None
    _, first, second = back.decode().splitlines()
    assert first.startswith(f'01004,{EBENE},"fam""ille",PERISCOLAIRE,2024-01-01,')
    assert "guillemet" in first
    assert "01006" in second
    assert "guillemet" not in second


async def test_a_short_line_leaves_what_it_lacks(attempt: Try, database: Database) -> None:
    wide = f"{HEADER},until,operator"
    report, _ = await attempt(body("\n", wide, f"{famille('01006')},2030-01-01"))
    assert (report["created"], report["faults"]) == (1, [])
    report, _ = await attempt(body("\n", wide, famille("01006")))
    assert (report["changed"], report["faults"]) == (0, [])
    assert str((await links(database, "01006"))[0][4]) == "2030-01-01"
    report, _ = await attempt(body("\n", wide, f"{famille('01006')},,"))
    assert report["changed"] == 1
    assert (await links(database, "01006"))[0][4] is None


async def test_a_required_cell_that_is_missing_comes_back_padded(attempt: Try) -> None:
    short = f"01004,{EBENE},famille,PERISCOLAIRE"
    report, back = await attempt(body("\n", f"{HEADER},until", short, famille("01005")))
    assert places(report) == [(2, "since", "")]
    assert back is not None
    header, line = back.decode().splitlines()
    assert header == f"{HEADER},until,motif"
    assert line.startswith(f"{short},,,")
    assert "obligatoire" in line


async def test_what_a_line_has_too_much_is_given_back_too(attempt: Try) -> None:
    report, back = await attempt(body("\n", HEADER, f"{famille('01004')},,de trop"))
    assert [(fault["line"], fault["column"]) for fault in report["faults"]] == [(2, "")]
    assert back is not None
    line = back.decode().splitlines()[1]
    assert line.startswith(f"{famille('01004')},7 cellules au lieu de 5,")
    assert line.endswith(",,de trop")


async def test_lines_come_back_in_the_dress_they_came_in(attempt: Try) -> None:
    semicolons = [text.replace(",", ";") for text in (HEADER, famille("01005"), f"1006,{REST}")]
    report, back = await attempt(b"\xef\xbb\xbf" + body("\r\n", *semicolons))
    assert places(report) == [(3, "collectivite", "1006")]
    assert report["created"] == 1
    assert back is not None
    assert back.startswith(b"\xef\xbb\xbf" + f"{semicolons[0]};motif\r\n".encode())
    lines = back.decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith(f"{semicolons[2]};")
    assert lines[2:] == [""]


async def test_a_file_of_windows_comes_back_in_its_own_letters(attempt: Try) -> None:
    content = body("\r\n", f"{HEADER},motif", f"{famille('Nantua')},déjà vu").decode()
    report, back = await attempt(content.encode("cp1252"))
    assert places(report) == [(2, "collectivite", "Nantua")]
    assert back is not None
    assert "n’est ni un code INSEE" in back.decode("cp1252")
    assert "déjà vu" not in back.decode("cp1252")


async def test_a_header_at_fault_has_no_faulty_lines(
    send: Send, token: Token, client: httpx2.AsyncClient
) -> None:
    by = await token(EBENE)
    done = await send(by, body("\n", HEADER.replace("since", "depuis"), famille("01004")))
    assert (done["state"], done["faultyFile"]) == ("REFUSED", None)
    assert {fault["line"] for fault in done["report"]["faults"]} == {1}
    address = f"/bulk/{done['id']}/faulty.csv"
    reply = await client.get(address, headers={"Authorization": f"Bearer {by}"})
    assert reply.status_code == 404


async def test_a_leading_zero_is_offered_back_and_never_guessed(attempt: Try) -> None:
    content = body("\n", HEADER, f"1004,{REST}", famille("01005").replace(EBENE, "62711"))
    report, _ = await attempt(content)
    assert places(report) == [(2, "collectivite", "1004"), (3, "vendor_siren", "62711")]
    reasons = [fault["reason"] for fault in report["faults"]]
    assert "vouliez-vous dire 01004 ?" in reasons[0]
    assert "vouliez-vous dire 000062711 ?" in reasons[1]
    assert report["created"] == 0


DRESSES = {
    "lines of separators": [HEADER, famille("01006"), *[",,,,"] * 3],
    "lines of separators before": [",,,,", HEADER, "", famille("01006")],
    "separators at the end of lines": [f"{HEADER},,", f"{famille('01006')},,"],
    "separators at the end of rows alone": [HEADER, f"{famille('01006')},,,"],
    "the separator is told": [
        "sep=;",
        HEADER.replace(",", ";"),
        famille("01006").replace(",", ";"),
    ],
    "tabs": [HEADER.replace(",", "\t"), famille("01006").replace(",", "\t")],
    "a mark of DOS": [HEADER, famille("01006"), "\x1a"],
    "codes as formulas": [HEADER, f'="01006",="{EBENE}",famille,PERISCOLAIRE,2024-01-01'],
    "formulas between quotes": [HEADER, f'"=""01006""",{REST}'],
    "a French day": [HEADER, famille("01006", "01/01/2024")],
    "a day without zeros": [HEADER, famille("01006", "1/1/2024")],
    "spaces": [HEADER, f" 01006 ,{REST}"],
}


@pytest.mark.parametrize("dress", DRESSES)
async def test_what_is_unambiguous_is_taken(attempt: Try, database: Database, dress: str) -> None:
    report, back = await attempt("\r\n".join(DRESSES[dress]).encode())
    assert (report["created"], report["faults"], back) == (1, [], None)
    assert str((await links(database, "01006"))[0][3]) == "2024-01-01"


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("09/13/2024", "jour/mois/année"),
        ("01/09/24", "JJ/MM/AAAA"),
        ("2024/09/01", "JJ/MM/AAAA"),
        ("45536", "JJ/MM/AAAA"),
    ],
)
async def test_a_day_that_can_be_read_in_two_ways_is_refused(
    attempt: Try, day: str, reason: str
) -> None:
    report, _ = await attempt(body("\n", HEADER, famille("01006", day)))
    assert places(report) == [(2, "since", day)]
    assert reason in report["faults"][0]["reason"]
