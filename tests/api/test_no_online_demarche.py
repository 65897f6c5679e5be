"""A collectivité says that it has no online démarche, and takes it back."""

from datetime import timedelta

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.api.sides import EBENE, NEIGHBOUR, OFFLINE, TOWN, Sides, link, town


async def without(ask: Ask) -> int:
    counted: int = (await ask("Coverage"))["coverage"]["total"]["noOnlineDemarche"]
    return counted


async def test_it_is_said_and_taken_back(
    write: Ask, ask: Ask, sides: Sides, written: Written
) -> None:
    assert await without(ask) == 1
    made = await write("DeclareNoOnlineDemarche", sides.town, collectivite=TOWN)
    assert (made["__typename"], made["noOnlineDemarcheSince"]) == ("Collectivite", str(today()))
    assert await without(ask) == 2
    step = (await ask("CollectiviteNextStep", code=TOWN))["collectivite"]["nextStep"]
    assert step["code"] == "NOTHING_ASKED"
    gone = await write("WithdrawNoOnlineDemarche", sides.town, collectivite=TOWN)
    assert gone["noOnlineDemarcheSince"] is None
    assert await without(ask) == 1
    assert [entry[:2] for entry in await written()] == [("update", "collectivite")] * 2


async def test_what_is_said_already_writes_nothing(
    write: Ask, sides: Sides, token: Token, written: Written
) -> None:
    own = await token(town(OFFLINE))
    yesterday = str(today() - timedelta(days=1))
    same = await write("DeclareNoOnlineDemarche", own, collectivite=OFFLINE)
    assert same["noOnlineDemarcheSince"] == yesterday
    await write("WithdrawNoOnlineDemarche", sides.town, collectivite=TOWN)
    assert await written() == []
    earlier = await write("DeclareNoOnlineDemarche", own, collectivite=OFFLINE, since="2024-01-01")
    assert earlier["noOnlineDemarcheSince"] == "2024-01-01"
    assert len(await written()) == 1


async def test_a_software_in_use_contradicts_it(write: Ask, sides: Sides, written: Written) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link())
    refused = await write("DeclareNoOnlineDemarche", sides.town, collectivite=TOWN)
    assert refused["errors"][0]["field"] == "collectivite"
    assert "Portail Familles" in refused["message"]
    await write("EndDeployment", sides.town, id=made["id"], version=1)
    said = await write("DeclareNoOnlineDemarche", sides.town, collectivite=TOWN)
    assert said["__typename"] == "Collectivite"
    assert [entry[0] for entry in await written()] == ["create", "end", "update"]


async def test_a_software_that_nobody_signs_in_to_does_not(write: Ask, sides: Sides) -> None:
    inside = link(product="interne", vendorSiren=EBENE, demarche="AUTRE")
    await write("DeclareDeployment", sides.town, **inside)
    said = await write("DeclareNoOnlineDemarche", sides.town, collectivite=TOWN)
    assert said["__typename"] == "Collectivite"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"since": str(today() + timedelta(days=2))}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"collectivite": "x"}, "collectivite"),
    ],
)
async def test_a_wrong_value_is_told(
    write: Ask, sides: Sides, given: dict[str, str], field: str
) -> None:
    refused = await write("DeclareNoOnlineDemarche", sides.town, **{"collectivite": TOWN} | given)
    assert [fault["field"] for fault in refused["errors"]] == [field]


async def test_the_town_alone_says_it(write: Ask, sides: Sides, written: Written) -> None:
    for operation in ("DeclareNoOnlineDemarche", "WithdrawNoOnlineDemarche"):
        for by in (sides.ministry, sides.vendor, sides.neighbour):
            refused = await write(operation, by, collectivite=TOWN)
            assert refused["__typename"] == "NotAllowed"
        assert (await write(operation, collectivite="x"))["__typename"] == "NotSignedIn"
        unknown = await write(operation, sides.town, collectivite="99999")
        assert (unknown["__typename"], unknown["field"]) == ("NotFound", "collectivite")
        other = await write(operation, sides.town, collectivite=NEIGHBOUR)
        assert other["__typename"] == "NotAllowed"
    assert await written() == []
