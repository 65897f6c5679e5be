"""What each line of a file declares, confirms, or is refused for."""

from datetime import date, timedelta

import httpx2
import pytest

from models import Source
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from tests.api.conftest import Token, Written
from tests.api.test_bulk_declarations.conftest import (
    AUBEPINE,
    EBENE,
    HEADER,
    PRODUCT,
    SCHOOL,
    Send,
    famille,
    lines,
    links,
)
from tests.factories import add, commune, deployment, siren

pytestmark = pytest.mark.usefixtures("world")


async def test_new_clients_are_declared_by_the_vendor(
    send: Send, token: Token, database: Database, written: Written
) -> None:
    done = await send(await token(EBENE), lines(famille("01005"), famille("01006")))
    assert (done["state"], done["report"]["created"], done["report"]["lines"]) == ("DONE", 2, 2)
    assert await links(database, "01006") == [("famille", "VENDOR", None, date(2024, 1, 1), None)]
    assert [entry[:2] for entry in await written()] == [("bulk", "deployment")] * 2


async def test_a_dry_run_tells_and_writes_nothing(
    send: Send, token: Token, database: Database, written: Written
) -> None:
    done = await send(await token(EBENE), lines(famille("01006")), dryRun="true")
    assert (done["state"], done["report"]["created"]) == ("DONE", 1)
    assert await links(database, "01006") == []
    assert await written() == []


async def test_without_a_word_a_file_is_tried(put: Send, token: Token) -> None:
    reply = await put(await token(EBENE), lines(famille("01006")))
    assert reply.json()["dryRun"] is True


async def test_all_or_nothing_with_every_fault_by_line(
    send: Send, token: Token, database: Database
) -> None:
    body = lines(
        famille("01006"),
        famille("99999"),
        f"01005,{AUBEPINE},guichet,PERISCOLAIRE,2024-01-01",
        f"01005,{EBENE},famille,URBANISME,2024-01-01",
        f"01005,{EBENE},famille,PERISCOLAIRE,{today() + timedelta(2)}",
    )
    done = await send(await token(EBENE), body)
    assert done["state"] == "REFUSED"
    assert [(fault["line"], fault["column"]) for fault in done["report"]["faults"]] == [
        (3, "collectivite"),
        (4, "product"),
        (5, "demarche"),
        (6, "since"),
    ]
    assert await links(database, "01006") == []


async def test_valid_lines_can_be_written_and_the_others_come_back(
    send: Send, token: Token, database: Database, client: httpx2.AsyncClient
) -> None:
    by = await token(EBENE)
    body = lines(famille("01006"), famille("99999"), famille("01005", "hier"))
    done = await send(by, body, acceptValid="true")
    assert (done["state"], done["report"]["created"], done["report"]["faulty"]) == ("DONE", 1, 2)
    assert len(await links(database, "01006")) == 1
    back = await client.get(done["faultyFile"], headers={"Authorization": f"Bearer {by}"})
    assert back.headers["content-type"].startswith("text/csv")
    assert f'"lignes-fautives-{today()}.csv"' in back.headers["content-disposition"]
    header, *rest = back.text.splitlines()
    assert header == f"{HEADER},motif"
    assert rest[0].startswith(f"{famille('99999')},")
    assert len(rest) == 2
    corrected = back.text.replace("99999", "01004").replace("hier", "2024-02-01")
    assert (await send(by, corrected))["report"]["created"] == 2


async def test_a_line_confirms_the_link_in_force_whatever_its_date(
    send: Send, token: Token, database: Database
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        town = commune("01008", "Ordonnaz", 100)
        await add(session, town)
        product = await session.scalar(PRODUCT)
        row = deployment(town, product, SCHOOL, declared_by=Source.COLLECTIVITE)
        await add(session, row)
    done = await send(await token(EBENE), lines(famille("01008", "2024-05-05")))
    report = done["report"]
    assert (report["confirmed"], report["created"], report["different"]) == (1, 0, 1)
    assert report["differences"] == [{"line": 2, "given": "2024-05-05", "recorded": "2023-01-01"}]
    assert await links(database, "01008") == [
        ("famille", "COLLECTIVITE", "VENDOR", date(2023, 1, 1), None)
    ]


async def test_a_file_never_speaks_for_the_other_side(send: Send, token: Token) -> None:
    body = lines(
        f"{famille('01006')},COLLECTIVITE,",
        f"{famille('01005')},,COLLECTIVITE",
        f"{famille('01004')},VENDOR,",
        header=f"{HEADER},declared_by,confirmed_by",
    )
    done = await send(await token(EBENE), body)
    assert [(fault["line"], fault["column"]) for fault in done["report"]["faults"]] == [
        (2, "declared_by"),
        (3, "confirmed_by"),
    ]


@pytest.fixture
async def links_of_all_sides(world: None, database: Database) -> None:
    """01008 said by the collectivité, 01009 confirmed by both, and with an operator and an end."""
    async with database.transaction(ADMINISTRATOR) as session:
        product = await session.scalar(PRODUCT)
        for code, more in (
            ("01008", {"declared_by": Source.COLLECTIVITE}),
            ("01009", {"confirmed_by": Source.COLLECTIVITE, **LIMITED}),
        ):
            town = commune(code, f"Commune {code}", 100)
            await add(session, town)
            await add(session, deployment(town, product, SCHOOL, **more))


LIMITED = {"operator": siren(99960000), "until": date(2090, 1, 1)}
SIDES = f"{HEADER},until,operator,declared_by,confirmed_by"


@pytest.mark.parametrize(
    ("line", "confirmed", "changed"),
    [
        ("01008,,,COLLECTIVITE,", 0, 0),
        ("01008,,,,", 1, 0),
        ("01008,,,COLLECTIVITE,VENDOR", 1, 0),
        ("01008,2080-01-01,,COLLECTIVITE,", 0, 1),
        ("01008,2023-02-01,,COLLECTIVITE,", 0, 1),
        ("01009,,,VENDOR,COLLECTIVITE", 0, 0),
        (f"01009,2090-01-01,{LIMITED['operator']},VENDOR,COLLECTIVITE", 0, 0),
        ("01009,2080-01-01,,,", 0, 1),
    ],
)
@pytest.mark.usefixtures("links_of_all_sides")
async def test_a_line_that_repeats_the_registry_changes_nothing_else(
    send: Send, token: Token, line: str, confirmed: int, changed: int
) -> None:
    code, _, rest = line.partition(",")
    body = lines(f"{famille(code, '2023-01-01')},{rest}", header=SIDES)
    report = (await send(await token(EBENE), body))["report"]
    assert report["faults"] == []
    assert (report["confirmed"], report["changed"], report["created"]) == (confirmed, changed, 0)
    assert report["unchanged"] == 1 - max(confirmed, changed)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("01008,,,MINISTRY,", "declared_by"),
        ("01008,,,COLLECTIVITE,MINISTRY", "confirmed_by"),
        ("01008,,000062711,COLLECTIVITE,", "operator"),
        ("01009,,,VENDOR,MINISTRY", "confirmed_by"),
        ("01009,,,VENDOR,VENDOR", "confirmed_by"),
        ("01009,2095-01-01,,VENDOR,COLLECTIVITE", "until"),
        ("01009,2020-01-01,,VENDOR,COLLECTIVITE", "until"),
    ],
)
@pytest.mark.usefixtures("links_of_all_sides")
async def test_what_a_line_says_otherwise_than_the_registry_is_told(
    send: Send, token: Token, line: str, column: str
) -> None:
    code, _, rest = line.partition(",")
    body = lines(f"{famille(code, '2023-01-01')},{rest}", header=SIDES)
    done = await send(await token(EBENE), body)
    assert done["state"] == "REFUSED"
    assert [(fault["line"], fault["column"]) for fault in done["report"]["faults"]] == [(2, column)]
    assert done["report"]["faults"][0]["reason"]


async def test_the_same_file_again_changes_nothing(
    send: Send, token: Token, written: Written
) -> None:
    by, body = await token(EBENE), lines(famille("01006"), famille("01005"))
    await send(by, body)
    before = await written()
    again = (await send(by, body))["report"]
    assert (again["created"], again["confirmed"], again["changed"]) == (0, 0, 0)
    assert await written() == before


async def test_a_complete_file_ends_what_it_does_not_name(
    send: Send, token: Token, database: Database
) -> None:
    by = await token(EBENE)
    tried = await send(by, lines(famille("01006")), dryRun="true", completeOn=str(today()))
    assert tried["report"]["ended"] == 1
    assert tried["report"]["absent"] == [
        {
            "collectivite": "01002",
            "name": "Éloise",
            "product": "famille",
            "demarche": "PERISCOLAIRE",
            "since": "2023-01-01",
        }
    ]
    done = await send(by, lines(famille("01006")), completeOn=str(today()))
    assert (done["report"]["ended"], done["report"]["completed"]) == (1, True)
    assert [row[4] for row in await links(database, "01002") if row[0] == "famille"] == [today()]
    confirmed = [row for row in await links(database, "01001") if row[0] == "famille"]
    assert confirmed == [("famille", "VENDOR", "COLLECTIVITE", date(2023, 1, 1), None)]


async def test_nothing_ends_while_a_line_is_faulty(send: Send, token: Token) -> None:
    done = await send(
        await token(EBENE),
        lines(famille("01006"), famille("99999")),
        acceptValid="true",
        completeOn=str(today()),
    )
    assert (done["report"]["ended"], done["report"]["completed"]) == (0, False)


async def test_activations_by_the_vendor_and_by_the_operator_only_where_it_operates(
    send: Send, token: Token, database: Database
) -> None:
    header = "collectivite,vendor_siren,product,demarche,service,effective_on,state"
    step = f"{EBENE},famille,PERISCOLAIRE,FRANCECONNECT_V2,2024-01-01,PLANNED"
    done = await send(await token(EBENE), lines(f"01002,{step}", header=header), noun="activations")
    assert (done["state"], done["report"]["created"]) == ("DONE", 1)
    operator = siren(99960000)
    async with database.transaction(ADMINISTRATOR) as session:
        town = commune("01008", "Ordonnaz", 100)
        await add(session, town)
        row = deployment(
            town,
            await session.scalar(PRODUCT),
            SCHOOL,
            operator=operator,
            confirmed_by=Source.COLLECTIVITE,
        )
        await add(session, row)
    body = lines(f"01008,{step}", f"01002,{step}", header=header)
    refused = await send(await token(operator), body, noun="activations")
    assert [fault["line"] for fault in refused["report"]["faults"]] == [3]
    done = await send(
        await token(operator), lines(f"01008,{step}", header=header), noun="activations"
    )
    assert (done["state"], done["report"]["created"]) == ("DONE", 1)


async def test_the_ministry_declares_and_confirms_by_file(
    send: Send, ministry: str, database: Database
) -> None:
    done = await send(ministry, lines(famille("01002"), famille("01006")))
    assert (done["report"]["confirmed"], done["report"]["created"]) == (1, 1)
    assert [row[1:3] for row in await links(database, "01006")] == [("MINISTRY", None)]


async def test_the_ministry_acknowledges_no_operator_in_silence(
    send: Send, ministry: str, database: Database
) -> None:
    operator = siren(99960000)
    async with database.transaction(ADMINISTRATOR) as session:
        town = commune("01008", "Ordonnaz", 100)
        await add(session, town)
        used = await session.scalar(PRODUCT)
        await add(session, deployment(town, used, SCHOOL, operator=operator))
    refused = await send(ministry, lines(famille("01008")))
    assert [(fault["line"], fault["column"]) for fault in refused["report"]["faults"]] == [
        (2, "operator")
    ]
    named = lines(f"{famille('01008')},{operator}", header=f"{HEADER},operator")
    assert (await send(ministry, named))["report"]["confirmed"] == 1
