"""A link is declared by one side, and confirmed by the other or by the ministry."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import TokenScope
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.api.sides import (
    AUBEPINE,
    CEDRE,
    EBENE,
    OFFLINE,
    OPERATOR,
    OTHER,
    READY,
    SILENT,
    TOWN,
    Sides,
    faults,
    link,
    record_world,
    town,
)
from tests.factories import establishment, siren

DAY = timedelta(days=1)


async def readiness(ask: Ask, **asked: object) -> str:
    return (await ask("CollectiviteReadiness", code=TOWN, **asked))["collectivite"]["readiness"]


@pytest.mark.parametrize(
    ("side", "word"),
    [("town", "COLLECTIVITE"), ("vendor", "VENDOR"), ("ministry", "MINISTRY")],
)
async def test_each_side_declares_for_itself(
    write: Ask, ask: Ask, sides: Sides, written: Written, side: str, word: str
) -> None:
    confirmed = side == "ministry"
    assert await readiness(ask) == "NO_KNOWN_SOFTWARE"
    made = await write("DeclareDeployment", getattr(sides, side), **link(since="2024-05-01"))
    assert made["__typename"] == "Deployment"
    assert (made["declaredBy"], made["confirmedBy"], made["confirmed"]) == (word, None, confirmed)
    assert (made["since"], made["sinceApproximate"], made["until"]) == ("2024-05-01", False, None)
    assert (made["collectivite"]["code"], made["inForce"], made["version"]) == (TOWN, True, 1)
    assert [entry[:2] for entry in await written()] == [("create", "deployment")]
    assert await readiness(ask) == "READY"
    believed = "READY" if confirmed else "NO_KNOWN_SOFTWARE"
    assert await readiness(ask, basis="CONFIRMED") == believed


async def test_a_declared_use_moves_the_ranking(write: Ask, ask: Ask, sides: Sides) -> None:
    async def blocked() -> dict[str, int]:
        edges = (await ask("Blockers"))["blockers"]["edges"]
        return {edge["node"]["product"]["slug"]: edge["node"]["blocked"] for edge in edges}

    assert await blocked() == {"mairie": 1, "guichet": 1}
    mute = link(vendorSiren=SILENT, product="mairie", demarche="ETAT_CIVIL")
    made = await write("DeclareDeployment", sides.town, **mute)
    assert await blocked() == {"mairie": 2, "guichet": 1}
    await write("EndDeployment", sides.town, id=made["id"], version=1)
    assert await blocked() == {"mairie": 1, "guichet": 1}


async def test_without_a_day_it_is_today_marked_approximate(write: Ask, sides: Sides) -> None:
    made = await write("DeclareDeployment", sides.town, **link())
    assert (made["since"], made["sinceApproximate"]) == (str(today()), True)


@pytest.mark.parametrize("code", [town(TOWN), establishment(town(TOWN))])
async def test_any_code_of_the_collectivite_is_taken(write: Ask, sides: Sides, code: str) -> None:
    made = await write("DeclareDeployment", sides.town, **link(code))
    assert made["collectivite"]["code"] == TOWN


async def test_a_code_that_vanished_means_the_successor(write: Ask, sides: Sides) -> None:
    made = await write(
        "DeclareDeployment", sides.vendor, **link("01099", demarche="RESTAURATION_SCOLAIRE")
    )
    assert made["collectivite"]["code"] == "01001"


async def test_a_body_closed_without_successor_gets_no_client(
    write: Ask, sides: Sides, database: Database
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("UPDATE collectivite SET closed_on = '2025-01-01' WHERE insee = '01006'")
        )
    refused = await write("DeclareDeployment", sides.vendor, **link())
    assert refused["errors"][0]["field"] == "collectivite"


@pytest.mark.parametrize("side", ["neighbour", "competitor", "operator"])
async def test_nobody_declares_for_others(
    write: Ask, sides: Sides, written: Written, side: str
) -> None:
    refused = await write("DeclareDeployment", getattr(sides, side), **link(operator=OPERATOR))
    assert refused["__typename"] == "NotAllowed"
    assert (await write("DeclareDeployment", **link()))["__typename"] == "NotSignedIn"
    assert await written() == []


async def test_whoever_may_not_learns_nothing_of_the_codes(
    write: Ask, token: Token, sides: Sides
) -> None:
    wrong = link("xxx", vendorSiren="1", product="É")
    assert (await write("DeclareDeployment", **wrong))["__typename"] == "NotSignedIn"
    reader = await token(EBENE, scopes=[TokenScope.READ])
    assert (await write("DeclareDeployment", reader, **wrong))["__typename"] == "NotAllowed"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"demarche": "URBANISME"}, "demarche"),
        ({"since": str(today() + 2 * DAY)}, "since"),
        ({"since": "1899-12-31"}, "since"),
        ({"since": "2024-01-01", "until": "2023-12-31"}, "until"),
        ({"until": "2200-01-01"}, "until"),
        ({"operator": "123456789"}, "operator"),
        ({"collectivite": "0100"}, "collectivite"),
        ({"vendorSiren": "123"}, "vendorSiren"),
        ({"product": "Portail Familles"}, "product"),
    ],
)
async def test_a_wrong_value_is_told(
    write: Ask, sides: Sides, written: Written, given: dict[str, str], field: str
) -> None:
    refused = await write("DeclareDeployment", sides.ministry, **link() | given)
    assert refused["__typename"] == "Invalid"
    assert [fault["field"] for fault in refused["errors"]] == [field]
    assert await written() == []


async def test_every_fault_is_told_at_once(write: Ask, sides: Sides) -> None:
    wrong = link(demarche="URBANISME", since="2300-01-01", operator="1")
    refused = await write("DeclareDeployment", sides.town, **wrong)
    assert [fault["field"] for fault in refused["errors"]] == ["demarche", "since", "operator"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"collectivite": "01555"}, "collectivite"),
        ({"vendorSiren": siren(99991111)}, "product"),
        ({"product": "inconnu"}, "product"),
    ],
)
async def test_what_the_registry_lacks_is_told(
    write: Ask, sides: Sides, given: dict[str, str], field: str
) -> None:
    refused = await write("DeclareDeployment", sides.ministry, **link() | given)
    assert (refused["__typename"], refused["field"]) == ("NotFound", field)


async def test_a_retired_product_gets_no_new_client(
    write: Ask, sides: Sides, database: Database
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE product SET retired_on = '2026-01-01'"))
    refused = await write("DeclareDeployment", sides.town, **link())
    assert refused["errors"][0]["field"] == "product"
    assert "retiré" in refused["message"]


async def test_a_competence_that_is_not_its_own_is_no_refusal(write: Ask, sides: Sides) -> None:
    """A town that uses a product for a démarche which others usually run."""
    epci = link(siren(20000000), vendorSiren=SILENT, product="mairie", demarche="ETAT_CIVIL")
    assert (await write("DeclareDeployment", sides.ministry, **epci))["__typename"] == "Deployment"


@pytest.mark.parametrize(
    ("first", "second", "confirmed_by"),
    [
        ("vendor", "town", "COLLECTIVITE"),
        ("town", "vendor", "VENDOR"),
        ("vendor", "ministry", "MINISTRY"),
        ("town", "ministry", "MINISTRY"),
    ],
)
async def test_declaring_what_the_other_side_declared_confirms_it(
    write: Ask, sides: Sides, written: Written, first: str, second: str, confirmed_by: str
) -> None:
    made = await write("DeclareDeployment", getattr(sides, first), **link(since="2024-05-01"))
    same = await write("DeclareDeployment", getattr(sides, second), **link(since="2025-02-02"))
    assert (same["id"], same["confirmedBy"], same["since"]) == (
        made["id"],
        confirmed_by,
        "2024-05-01",
    )
    assert [entry[0] for entry in await written()] == ["create", "confirm"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("town", "town"),
        ("vendor", "vendor"),
        ("ministry", "ministry"),
        ("ministry", "town"),
        ("ministry", "vendor"),
    ],
)
async def test_what_is_declared_already_is_told(
    write: Ask, sides: Sides, written: Written, first: str, second: str
) -> None:
    await write("DeclareDeployment", getattr(sides, first), **link())
    again = await write("DeclareDeployment", getattr(sides, second), **link())
    assert (again["__typename"], again["field"]) == ("AlreadyExists", "product")
    assert len(await written()) == 1


async def test_what_is_confirmed_already_is_told(write: Ask, sides: Sides) -> None:
    await write("DeclareDeployment", sides.vendor, **link())
    await write("DeclareDeployment", sides.town, **link())
    again = await write("DeclareDeployment", sides.ministry, **link())
    assert again["__typename"] == "AlreadyExists"


@pytest.mark.parametrize(
    ("first", "second", "recorded", "said", "field"),
    [
        ("vendor", "town", {"operator": OPERATOR}, {}, "operator"),
        ("vendor", "town", {"operator": OPERATOR}, {"operator": OTHER}, "operator"),
        ("vendor", "town", {}, {"operator": OPERATOR}, "operator"),
        ("town", "vendor", {"operator": OPERATOR}, {"operator": OTHER}, "operator"),
        ("vendor", "town", {}, {"until": "2027-01-01"}, "until"),
    ],
)
async def test_nobody_confirms_what_it_says_otherwise(
    write: Ask,
    sides: Sides,
    first: str,
    second: str,
    recorded: dict[str, str],
    said: dict[str, str],
    field: str,
) -> None:
    """Above all an operator, who would then act for the town."""
    await write("DeclareDeployment", getattr(sides, first), **link(**recorded))
    refused = await write("DeclareDeployment", getattr(sides, second), **link(**said))
    assert (refused["__typename"], refused["field"]) == ("AlreadyExists", field)


async def test_a_vendor_need_not_know_the_operator(write: Ask, sides: Sides) -> None:
    await write("DeclareDeployment", sides.town, **link(operator=OPERATOR))
    same = await write("DeclareDeployment", sides.vendor, **link())
    assert (same["confirmedBy"], same["operator"]) == ("VENDOR", OPERATOR)


async def test_periods_do_not_overlap(write: Ask, sides: Sides, written: Written) -> None:
    past = link(since="2020-01-01", until="2022-01-01")
    assert (await write("DeclareDeployment", sides.town, **past))["__typename"] == "Deployment"
    refused = await write("DeclareDeployment", sides.vendor, **link(since="2021-06-01"))
    assert refused["errors"][0]["field"] == "since"
    assert "par la collectivité, du 01/01/2020 au 01/01/2022" in refused["message"]
    next_one = await write("DeclareDeployment", sides.vendor, **link(since="2022-01-01"))
    assert next_one["__typename"] == "Deployment"
    inside = link(since="2023-01-01", until="2024-01-01")
    refused = await write("DeclareDeployment", sides.town, **inside)
    assert "par l’éditeur, depuis le 01/01/2022" in refused["message"]
    assert len(await written()) == 2


async def test_a_period_ended_the_day_it_began_leaves_its_place(
    write: Ask, sides: Sides, written: Written
) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link())
    await write("EndDeployment", sides.vendor, id=made["id"], version=1)
    again = await write("DeclareDeployment", sides.town, **link())
    assert (again["__typename"], again["declaredBy"], again["until"]) == (
        "Deployment",
        "COLLECTIVITE",
        None,
    )
    assert [entry[0] for entry in await written()] == ["create", "end", "create"]


async def test_a_town_that_uses_a_software_has_an_online_demarche(
    write: Ask, ask: Ask, token: Token, written: Written, sides: Sides
) -> None:
    own = await token(town(OFFLINE))
    await write("DeclareDeployment", sides.vendor, **link(OFFLINE))
    said = await ask("Collectivite", code=OFFLINE)
    assert said["collectivite"]["noOnlineDemarcheSince"] is not None
    await write("DeclareDeployment", own, **link(OFFLINE))
    said = await ask("Collectivite", code=OFFLINE)
    assert said["collectivite"]["noOnlineDemarcheSince"] is None
    assert [entry[:2] for entry in await written()] == [
        ("create", "deployment"),
        ("confirm", "deployment"),
        ("update", "collectivite"),
    ]


async def test_a_page_tells_who_may_confirm_and_correct(
    ask: Ask, read_as: Ask, sides: Sides, token: Token
) -> None:
    async def may(by: str | None) -> list[tuple[bool, bool]]:
        said = await read_as("Collectivite", by, code=READY)
        used = said["collectivite"]["deployments"]
        return [(one["confirmable"], one["correctable"]) for one in used]

    assert await may(None) == [(False, False)] * 2
    assert await may(await token(town(READY))) == [(True, True)] * 2
    assert await may(sides.vendor) == [(False, True)] * 2
    assert await may(sides.ministry) == [(True, True)] * 2
    assert await may(sides.competitor) == [(False, False)] * 2


async def test_a_use_declared_twice_at_once_is_one(
    write: Ask, sides: Sides, written: Written, database: Database
) -> None:
    await record_world(database)
    both = await asyncio.gather(
        *(write("DeclareDeployment", by, **link()) for by in (sides.town, sides.vendor))
    )
    assert [made["__typename"] for made in both] == ["Deployment", "Deployment"]
    assert both[0]["id"] == both[1]["id"]
    periods = [("2020-01-01", "2021-01-01"), ("2020-06-01", "2021-06-01")]
    past = await asyncio.gather(
        *(
            write("DeclareDeployment", by, **link(since=since, until=until))
            for by, (since, until) in zip((sides.town, sides.vendor), periods, strict=True)
        )
    )
    assert sorted(made["__typename"] for made in past) == ["Deployment", "Invalid"]
    assert [entry[0] for entry in await written()] == ["create", "confirm", "create"]
    assert await faults(database) == []


async def test_a_key_makes_a_declaration_happen_once(
    write: Ask, sides: Sides, written: Written
) -> None:
    given = link(idempotencyKey="une fois", vendorSiren=CEDRE, product="cantine")
    given |= {"demarche": "RESTAURATION_SCOLAIRE"}
    first = await write("DeclareDeployment", sides.town, **given)
    assert await write("DeclareDeployment", sides.town, **given) == first
    assert len(await written()) == 1
    other = await write("DeclareDeployment", sides.town, **given | {"vendorSiren": AUBEPINE})
    assert other["__typename"] == "KeyReused"
