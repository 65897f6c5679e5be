"""A report names the collectivité of each line, and warns where codes look like postal ones."""

import pytest

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask, Token
from tests.api.test_bulk_declarations.conftest import EBENE, HEADER, Send, famille, lines
from tests.factories import add, commune

pytestmark = pytest.mark.usefixtures("world")

CHALARONNE, WOOD = "Saint-Étienne-sur-Chalaronne", "Le Bois"


async def serve(database: Database, code: str) -> None:
    """Another commune has that postal code."""
    async with database.transaction(ADMINISTRATOR) as session:
        lille = commune("59350", "Lille", 240_000)
        lille.postal_codes = [code]
        await add(session, lille)


async def test_a_report_names_each_line(send: Send, token: Token, read_as: Ask) -> None:
    by = await token(EBENE)
    wrong = famille("01004").replace("famille", "absent")
    file = lines(famille("01006"), wrong, famille("99999"))
    tried = await send(by, file, dryRun="true")
    named = tried["report"]["collectivites"]
    assert named == [
        {"line": 2, "code": "01006", "name": WOOD},
        {"line": 3, "code": "01004", "name": CHALARONNE},
    ]
    refused = await send(by, file)
    assert (refused["state"], refused["report"]["collectivites"]) == ("REFUSED", named)
    data = await read_as("BulkDeclarations", by, first=1)
    report = data["bulkDeclarations"][0]["report"]
    names = [(fault["line"], fault["collectiviteName"]) for fault in report["faults"]]
    assert names == [(3, CHALARONNE), (4, None)]
    assert report["collectivites"] == named
    assert report["warning"] is None


async def test_a_date_and_an_absence_are_named_too(send: Send, token: Token, read_as: Ask) -> None:
    by = await token(EBENE)
    await send(by, lines(famille("01006"), famille("01004")))
    late = lines(famille("01006", "2024-02-02"))
    await send(by, late, dryRun="true", completeOn="2026-01-01")
    report = (await read_as("BulkDeclarations", by, first=1))["bulkDeclarations"][0]["report"]
    assert [each["collectiviteName"] for each in report["differences"]] == [WOOD]
    absent = {each["collectivite"]: each["collectiviteName"] for each in report["absent"]}
    assert absent["01004"] == CHALARONNE


@pytest.mark.parametrize(("right", "warned"), [(9, True), (10, False)])
async def test_codes_that_are_postal_elsewhere_are_told_from_a_tenth(
    send: Send,
    token: Token,
    database: Database,
    right: int,
    warned: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """« 01006 » is that commune's INSEE code, and a postal code of another."""
    await serve(database, "01006")
    days = [f"2020-01-{day:02}" for day in range(1, right + 1)]
    others = [f"{famille('01004', day)},{day}" for day in days]
    file = lines(f"{famille('01006')},", *others, header=f"{HEADER},until")
    report = (await send(await token(EBENE), file, dryRun="true"))["report"]
    assert (report["lines"], report["faulty"]) == (right + 1, 0)
    assert ("warning" in report) is warned
    if warned:
        assert "semblent être des codes postaux : sur 10 lignes lues, 1 " in report["warning"]


async def test_a_commune_s_own_postal_code_is_no_reason_to_doubt(
    send: Send, token: Token, database: Database
) -> None:
    await serve(database, "59350")
    report = (await send(await token(EBENE), lines(famille("59350"))))["report"]
    assert (report["created"], "warning" in report) == (1, False)


async def test_postal_codes_that_mean_no_commune_are_counted(
    send: Send, token: Token, database: Database
) -> None:
    await serve(database, "01990")
    report = (await send(await token(EBENE), lines(famille("01990"))))["report"]
    assert "sur 1 lignes lues, 1 " in report["warning"]
