"""A software that the registry lacks waits for the ministry, and becomes links."""

from datetime import timedelta

import pytest

from registry.database import Database
from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.api.sides import (
    EBENE,
    OFFLINE,
    OPERATOR,
    TOWN,
    Sides,
    faults,
    link,
    record_world,
    town,
)

BOTH = ["PERISCOLAIRE", "RESTAURATION_SCOLAIRE"]
FAMILLE = {"vendorSiren": EBENE, "product": "famille"}

UNKNOWN = "U29mdHdhcmVSZXF1ZXN0Ojk5OTk5OTk="


def named(insee: str = TOWN, **given: object) -> dict[str, object]:
    return {"collectivite": insee, "name": "Portail des familles", "demarches": BOTH} | given


async def uses(ask: Ask) -> list[tuple[str, str, str, str | None]]:
    said = await ask("Collectivite", code=TOWN)
    return [
        (one["demarche"], one["since"], one["declaredBy"], one["confirmedBy"])
        for one in said["collectivite"]["deployments"]
    ]


async def test_a_named_software_becomes_links(
    write: Ask, ask: Ask, sides: Sides, written: Written, database: Database
) -> None:
    await record_world(database)
    made = await write(
        "NameSoftware",
        sides.town,
        **named(vendorName="Ébène", vendorSiren=EBENE, since="2022-09-01"),
    )
    assert (made["__typename"], made["state"], made["product"]) == (
        "SoftwareRequest",
        "WAITING",
        None,
    )
    assert await uses(ask) == []
    settled = await write("SettleSoftware", sides.ministry, id=made["id"], **FAMILLE)
    assert (settled["state"], settled["settledOn"]) == ("SETTLED", str(today()))
    assert settled["product"] == {"slug": "famille"}
    assert await uses(ask) == [
        ("PERISCOLAIRE", "2022-09-01", "COLLECTIVITE", None),
        ("RESTAURATION_SCOLAIRE", "2022-09-01", "COLLECTIVITE", None),
    ]
    said = await ask("CollectiviteReadiness", code=TOWN)
    assert said["collectivite"]["readiness"] == "READY"
    entries = await written()
    assert [entry[:2] for entry in entries] == [
        ("create", "software_request"),
        ("create", "deployment"),
        ("create", "deployment"),
        ("settle", "software_request"),
    ]
    assert entries[0][2] != entries[1][2] == entries[3][2]
    assert await faults(database) == []


async def test_without_a_day_it_is_that_of_the_request(write: Ask, ask: Ask, sides: Sides) -> None:
    made = await write("NameSoftware", sides.town, **named(demarches=BOTH[:1]))
    await write("SettleSoftware", sides.ministry, id=made["id"], **FAMILLE)
    said = await ask("Collectivite", code=TOWN)
    (used,) = said["collectivite"]["deployments"]
    assert (used["since"], used["sinceApproximate"]) == (str(today()), True)


async def test_what_the_vendor_had_declared_is_confirmed_by_the_town(
    write: Ask, ask: Ask, sides: Sides, written: Written
) -> None:
    await write("DeclareDeployment", sides.vendor, **link(since="2021-01-01"))
    canteen = link(since="2021-01-01", demarche="RESTAURATION_SCOLAIRE")
    await write("DeclareDeployment", sides.ministry, **canteen)
    made = await write("NameSoftware", sides.town, **named(since="2022-09-01"))
    await write("SettleSoftware", sides.ministry, id=made["id"], **FAMILLE)
    assert await uses(ask) == [
        ("PERISCOLAIRE", "2021-01-01", "VENDOR", "COLLECTIVITE"),
        ("RESTAURATION_SCOLAIRE", "2021-01-01", "MINISTRY", None),
    ]
    assert [entry[0] for entry in await written()][-2:] == ["confirm", "settle"]


async def test_all_of_its_demarches_or_none(
    write: Ask, ask: Ask, sides: Sides, written: Written
) -> None:
    """The second link names an operator that the town never named."""
    canteen = link(demarche="RESTAURATION_SCOLAIRE", operator=OPERATOR)
    await write("DeclareDeployment", sides.vendor, **canteen)
    made = await write("NameSoftware", sides.town, **named())
    refused = await write("SettleSoftware", sides.ministry, id=made["id"], **FAMILLE)
    assert (refused["__typename"], refused["field"]) == ("AlreadyExists", "operator")
    assert [use[0] for use in await uses(ask)] == ["RESTAURATION_SCOLAIRE"]
    assert [entry[0] for entry in await written()] == ["create", "create"]


@pytest.mark.parametrize(
    ("key", "kind", "field"),
    [
        ({"vendorSiren": EBENE, "product": "interne"}, "Invalid", "product"),
        ({"vendorSiren": EBENE, "product": "inconnu"}, "NotFound", "product"),
        ({"vendorSiren": "1", "product": "famille"}, "Invalid", "vendorSiren"),
    ],
)
async def test_a_product_that_does_not_fit_is_refused(
    write: Ask, sides: Sides, key: dict[str, str], kind: str, field: str
) -> None:
    made = await write("NameSoftware", sides.town, **named())
    refused = await write("SettleSoftware", sides.ministry, id=made["id"], **key)
    assert refused["__typename"] == kind
    told = refused["field"] if kind == "NotFound" else refused["errors"][0]["field"]
    assert told == field


async def test_the_ministry_refuses_with_a_reason(
    write: Ask, read_as: Ask, sides: Sides, written: Written
) -> None:
    made = await write("NameSoftware", sides.town, **named())
    given = {"id": made["id"], "reason": "Ce n’est pas un logiciel de démarches en ligne."}
    empty = await write("RefuseSoftware", sides.ministry, **given | {"reason": " "})
    assert empty["errors"][0]["field"] == "reason"
    refused = await write("RefuseSoftware", sides.ministry, **given)
    assert (refused["state"], refused["refusal"]) == ("REFUSED", given["reason"])
    for operation, more in (("SettleSoftware", FAMILLE), ("RefuseSoftware", {"reason": "x"})):
        late = await write(operation, sides.ministry, id=made["id"], **more)
        assert (late["__typename"], late["currentState"]) == ("NotInThisState", "REFUSED")
    assert [entry[:2] for entry in await written()] == [
        ("create", "software_request"),
        ("refuse", "software_request"),
    ]
    read = await read_as("Node", sides.town, id=made["id"])
    assert read["node"]["name"] == "Portail des familles"


async def test_the_ministry_alone_answers(write: Ask, sides: Sides, written: Written) -> None:
    made = await write("NameSoftware", sides.town, **named())
    for operation, more in (("SettleSoftware", FAMILLE), ("RefuseSoftware", {"reason": "x"})):
        for by in (sides.town, sides.vendor, sides.neighbour, sides.operator):
            refused = await write(operation, by, id=made["id"], **more)
            assert refused["__typename"] == "NotAllowed"
        assert (await write(operation, id="x", **more))["__typename"] == "NotSignedIn"
        unknown = await write(operation, sides.ministry, id=UNKNOWN, **more)
        assert (unknown["__typename"], unknown["field"]) == ("NotFound", "id")
        other = await write(operation, sides.ministry, id="x", **more)
        assert other["__typename"] == "Invalid"
    assert len(await written()) == 1


async def test_the_town_alone_names_its_software(
    write: Ask, sides: Sides, written: Written
) -> None:
    for by in (sides.vendor, sides.neighbour, sides.operator, sides.ministry):
        assert (await write("NameSoftware", by, **named()))["__typename"] == "NotAllowed"
    assert (await write("NameSoftware", **named()))["__typename"] == "NotSignedIn"
    assert await written() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"vendorName": "a\u202eb"}, "vendorName"),
        ({"vendorSiren": "123456789"}, "vendorSiren"),
        ({"demarches": []}, "demarches"),
        ({"since": str(today() + timedelta(days=2))}, "since"),
        ({"since": "1000-01-01"}, "since"),
        ({"collectivite": "x"}, "collectivite"),
    ],
)
async def test_a_wrong_name_is_told(
    write: Ask, sides: Sides, written: Written, given: dict[str, object], field: str
) -> None:
    refused = await write("NameSoftware", sides.town, **named() | given)
    assert refused["__typename"] == "Invalid"
    assert [fault["field"] for fault in refused["errors"]] == [field]
    assert await written() == []


async def test_what_waits_is_not_named_twice(write: Ask, sides: Sides) -> None:
    made = await write("NameSoftware", sides.town, **named())
    again = await write("NameSoftware", sides.town, **named(name="PORTAIL des Famillés"))
    assert (again["__typename"], again["field"]) == ("AlreadyExists", "name")
    await write("RefuseSoftware", sides.ministry, id=made["id"], reason="Nom incomplet")
    assert (await write("NameSoftware", sides.town, **named()))["state"] == "WAITING"


async def test_a_request_is_seen_by_its_town_and_the_ministry(
    write: Ask, ask: Ask, read_as: Ask, sides: Sides, token: Token
) -> None:
    made = await write("NameSoftware", sides.town, **named())
    other = await token(town(OFFLINE))
    await write("NameSoftware", other, **named(OFFLINE, name="Kiosque"))

    async def seen(by: str) -> list[str]:
        said = (await read_as("SoftwareRequests", by))["softwareRequests"]
        names = [edge["node"]["name"] for edge in said["edges"]]
        assert said["totalCount"] == len(names)
        return names

    assert await seen(sides.ministry) == ["Portail des familles", "Kiosque"]
    assert await seen(sides.town) == ["Portail des familles"]
    assert await seen(sides.vendor) == []
    assert (await ask("SoftwareRequests"))["softwareRequests"]["edges"] == []
    page = (await read_as("SoftwareRequests", sides.ministry, first=1))["softwareRequests"]
    after = page["pageInfo"]["endCursor"]
    page = await read_as("SoftwareRequests", sides.ministry, first=1, after=after)
    (edge,) = page["softwareRequests"]["edges"]
    assert edge["node"]["collectivite"]["code"] == OFFLINE
    for by, hidden in (
        (sides.ministry, False),
        (sides.town, False),
        (sides.vendor, True),
        (other, True),
    ):
        assert ((await read_as("Node", by, id=made["id"]))["node"] is None) is hidden
    assert (await ask("Node", id=made["id"]))["node"] is None
