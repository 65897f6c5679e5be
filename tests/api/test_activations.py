"""The steps of an activation, by those who may speak of it."""

from datetime import timedelta

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask, Written
from tests.api.sides import (
    AUBEPINE,
    EBENE,
    NEIGHBOUR,
    OPERATOR,
    TOWN,
    Sides,
    link,
)

PATH = (
    "PLANNED",
    "HABILITATION_SUBMITTED",
    "HABILITATION_GRANTED",
    "GO_LIVE_REQUESTED",
    "IN_PRODUCTION",
)


def step(state: str, **given: object) -> dict[str, object]:
    return link(service="FRANCECONNECT_V2", state=state) | given


async def test_a_town_goes_to_production_step_by_step(
    write: Ask, ask: Ask, sides: Sides, written: Written
) -> None:
    await write("DeclareDeployment", sides.town, **link(since="2024-01-01"))
    for state in PATH:
        made = await write("RecordActivation", sides.town, **step(state, reason="Convention"))
        assert (made["__typename"], made["state"]) == ("Activation", state)
        assert (made["declaredBy"], made["effectiveOn"]) == ("COLLECTIVITE", str(today()))
    said = await ask("CollectiviteReadiness", code=TOWN)
    assert said["collectivite"]["readiness"] == "CONNECTED"
    entries = [entry[:2] for entry in await written()]
    assert entries == [("create", "deployment"), *[("create", "activation")] * 5]


@pytest.mark.parametrize(
    ("side", "word"),
    [
        ("town", "COLLECTIVITE"),
        ("vendor", "VENDOR"),
        ("operator", "OPERATOR"),
        ("ministry", "MINISTRY"),
    ],
)
async def test_each_side_says_who_it_is(write: Ask, sides: Sides, side: str, word: str) -> None:
    await write("DeclareDeployment", sides.town, **link(operator=OPERATOR))
    made = await write("RecordActivation", getattr(sides, side), **step("PLANNED"))
    assert (made["state"], made["declaredBy"]) == ("PLANNED", word)
    following = await write("RecordActivation", sides.town, **step("HABILITATION_SUBMITTED"))
    assert following["declaredBy"] == "COLLECTIVITE"


@pytest.mark.parametrize("side", ["neighbour", "competitor", "operator"])
async def test_strangers_record_nothing(
    write: Ask, sides: Sides, written: Written, side: str
) -> None:
    """Nor does an operator whom the vendor alone named."""
    await write("DeclareDeployment", sides.vendor, **link(operator=OPERATOR))
    refused = await write("RecordActivation", getattr(sides, side), **step("PLANNED"))
    assert refused["__typename"] == "NotAllowed"
    assert (await write("RecordActivation", **step("PLANNED")))["__typename"] == "NotSignedIn"
    assert len(await written()) == 1


@pytest.mark.parametrize("acknowledged_by", ["town", "ministry"])
async def test_an_operator_acts_once_it_is_acknowledged(
    write: Ask, sides: Sides, acknowledged_by: str
) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link(operator=OPERATOR))
    await write("ConfirmDeployment", getattr(sides, acknowledged_by), id=made["id"])
    done = await write("RecordActivation", sides.operator, **step("PLANNED"))
    assert done["declaredBy"] == "OPERATOR"


async def test_an_operator_that_is_the_vendor_speaks_as_the_vendor(
    write: Ask, sides: Sides
) -> None:
    await write("DeclareDeployment", sides.town, **link(operator=EBENE))
    made = await write("RecordActivation", sides.vendor, **step("PLANNED"))
    assert made["declaredBy"] == "VENDOR"


async def test_an_operator_of_a_past_period_no_longer_acts(write: Ask, sides: Sides) -> None:
    past = link(since="2020-01-01", until="2022-01-01", operator=OPERATOR)
    await write("DeclareDeployment", sides.town, **past)
    assert (await write("RecordActivation", sides.operator, **step("PLANNED")))[
        "state"
    ] == "PLANNED"
    await write("DeclareDeployment", sides.town, **link(since="2022-01-01"))
    refused = await write("RecordActivation", sides.operator, **step("HABILITATION_SUBMITTED"))
    assert refused["__typename"] == "NotAllowed"


async def test_what_an_operator_activates_for_one_spreads_to_nobody(
    write: Ask, ask: Ask, sides: Sides
) -> None:
    for insee in (TOWN, NEIGHBOUR):
        await write("DeclareDeployment", sides.ministry, **link(insee, operator=OPERATOR))
    for state in PATH:
        await write("RecordActivation", sides.operator, **step(state))
    mine = await ask("CollectiviteReadiness", code=TOWN)
    other = await ask("CollectiviteReadiness", code=NEIGHBOUR)
    assert mine["collectivite"]["readiness"] == "CONNECTED"
    assert other["collectivite"]["readiness"] == "READY"


async def test_it_needs_a_use(write: Ask, sides: Sides, written: Written) -> None:
    for by in (sides.town, sides.vendor, sides.ministry):
        refused = await write("RecordActivation", by, **step("PLANNED"))
        assert (refused["__typename"], refused["field"]) == ("NotFound", "demarche")
    stranger = await write("RecordActivation", sides.competitor, **step("PLANNED"))
    assert stranger["__typename"] == "NotAllowed"
    assert await written() == []


async def test_only_arrows_are_followed(write: Ask, sides: Sides, written: Written) -> None:
    await write("DeclareDeployment", sides.town, **link())
    refused = await write("RecordActivation", sides.town, **step("IN_PRODUCTION"))
    assert (refused["__typename"], refused["currentState"]) == ("NotInThisState", "NONE")
    assert refused["allowed"] == ["PLANNED", "STOPPED"]
    await write("RecordActivation", sides.town, **step("PLANNED"))
    again = await write("RecordActivation", sides.vendor, **step("PLANNED"))
    assert (again["__typename"], again["currentState"]) == ("NotInThisState", "PLANNED")
    assert len(await written()) == 2


async def test_the_short_way_to_production_is_for_qualified_products(
    write: Ask, sides: Sides
) -> None:
    """Guichet is qualified with the second version since 2024-02-01, and with nothing else."""
    guichet = {"vendorSiren": AUBEPINE, "product": "guichet"}
    await write("DeclareDeployment", sides.town, **link() | guichet)

    async def at(state: str, service: str, day: str) -> dict[str, object]:
        given = step(state, service=service, effectiveOn=day) | guichet
        made: dict[str, object] = await write("RecordActivation", sides.town, **given)
        return made

    for service, day in (("FRANCECONNECT_V2", "2024-01-31"), ("FRANCECONNECT_V1", "2024-02-01")):
        for state in PATH[:3]:
            assert (await at(state, service, "2024-01-15"))["state"] == state
        refused = await at("GO_LIVE_REQUESTED", service, day)
        assert refused["__typename"] == "NotInThisState"
        assert refused["allowed"] == ["IN_INTEGRATION", "STOPPED"]
    assert (await at("GO_LIVE_REQUESTED", "FRANCECONNECT_V2", "2024-02-01"))["state"] == PATH[3]
    assert (await at("IN_INTEGRATION", "FRANCECONNECT_V1", "2024-02-01"))[
        "state"
    ] == "IN_INTEGRATION"
    assert (await at("GO_LIVE_REQUESTED", "FRANCECONNECT_V1", "2024-02-02"))["state"] == PATH[3]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"effectiveOn": str(today() + timedelta(days=2))}, "effectiveOn"),
        ({"effectiveOn": "0001-01-01"}, "effectiveOn"),
        ({"effectiveOn": "2023-12-31"}, "effectiveOn"),
        ({"evidenceUrl": "ftp://exemple.example"}, "evidenceUrl"),
        ({"collectivite": "?"}, "collectivite"),
        ({"product": "?"}, "product"),
        ({"vendorSiren": "?"}, "vendorSiren"),
    ],
)
async def test_a_wrong_step_is_told(
    write: Ask, sides: Sides, written: Written, given: dict[str, str], field: str
) -> None:
    await write("DeclareDeployment", sides.town, **link())
    await write("RecordActivation", sides.town, **step("PLANNED", effectiveOn="2024-01-01"))
    refused = await write("RecordActivation", sides.town, **step("HABILITATION_SUBMITTED") | given)
    assert refused["__typename"] == "Invalid"
    assert [fault["field"] for fault in refused["errors"]] == [field]
    assert len(await written()) == 2


async def test_a_key_makes_a_step_happen_once(write: Ask, sides: Sides, written: Written) -> None:
    await write("DeclareDeployment", sides.town, **link())
    given = step("PLANNED", idempotencyKey="une fois")
    first = await write("RecordActivation", sides.town, **given)
    assert await write("RecordActivation", sides.town, **given) == first
    assert len(await written()) == 2
