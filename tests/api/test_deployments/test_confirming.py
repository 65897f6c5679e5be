"""A link is confirmed by the side that did not declare it, or by the ministry."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask, Token, Written
from tests.api.sides import (
    EBENE,
    OPERATOR,
    TOWN,
    Sides,
    link,
    town,
)

DAY = timedelta(days=1)


async def readiness(ask: Ask, **asked: object) -> str:
    return (await ask("CollectiviteReadiness", code=TOWN, **asked))["collectivite"]["readiness"]


async def test_the_other_side_confirms(
    write: Ask, ask: Ask, sides: Sides, written: Written
) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link())
    assert await readiness(ask, basis="CONFIRMED") == "NO_KNOWN_SOFTWARE"
    confirmed = await write("ConfirmDeployment", sides.town, id=made["id"])
    assert (confirmed["confirmedBy"], confirmed["version"]) == ("COLLECTIVITE", 2)
    assert await readiness(ask, basis="CONFIRMED") == "READY"
    again = await write("ConfirmDeployment", sides.ministry, id=made["id"])
    assert (again["__typename"], again["confirmedBy"]) == ("Deployment", "COLLECTIVITE")
    assert [entry[:2] for entry in await written()] == [
        ("create", "deployment"),
        ("confirm", "deployment"),
    ]


@pytest.mark.parametrize(
    ("declarant", "stranger"),
    [
        ("town", "town"),
        ("vendor", "vendor"),
        ("ministry", "ministry"),
        ("vendor", "neighbour"),
        ("town", "competitor"),
        ("vendor", "operator"),
        ("town", "operator"),
    ],
)
async def test_nobody_confirms_its_own_word_or_anothers_business(
    write: Ask, sides: Sides, written: Written, declarant: str, stranger: str
) -> None:
    made = await write("DeclareDeployment", getattr(sides, declarant), **link(operator=OPERATOR))
    refused = await write("ConfirmDeployment", getattr(sides, stranger), id=made["id"])
    assert refused["__typename"] == "NotAllowed"
    assert len(await written()) == 1


async def test_who_is_both_sides_confirms_nothing(
    write: Ask, sides: Sides, token: Token, database: Database
) -> None:
    """A town that makes its own software."""
    own = town(TOWN)
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text(f"UPDATE vendor SET siren = '{own}' WHERE siren = '{EBENE}'"))
    both = await token(own)
    made = await write("DeclareDeployment", both, **link(vendorSiren=own))
    assert made["declaredBy"] == "COLLECTIVITE"
    refused = await write("ConfirmDeployment", both, id=made["id"])
    assert refused["__typename"] == "NotAllowed"
    again = await write("DeclareDeployment", both, **link(vendorSiren=own))
    assert again["__typename"] == "AlreadyExists"
    confirmed = await write("ConfirmDeployment", sides.ministry, id=made["id"])
    assert confirmed["confirmedBy"] == "MINISTRY"


async def test_a_ministry_that_is_the_vendor_does_not_review_itself(
    write: Ask, sides: Sides, token: Token
) -> None:
    office = await token(EBENE, ministry=True)
    made = await write("DeclareDeployment", office, **link())
    assert made["declaredBy"] == "VENDOR"
    assert (await write("ConfirmDeployment", office, id=made["id"]))["__typename"] == "NotAllowed"


async def test_an_unknown_use_is_told(write: Ask, sides: Sides) -> None:
    unknown = "RGVwbG95bWVudDo5OTk5OTk5"
    refused = await write("ConfirmDeployment", sides.town, id=unknown)
    assert (refused["__typename"], refused["field"]) == ("NotFound", "id")
    assert (await write("ConfirmDeployment", id=unknown))["__typename"] == "NotSignedIn"


@pytest.mark.parametrize("malformed", ["", "x", "VmVuZG9yOjE="])
async def test_what_designates_no_use_is_told(write: Ask, sides: Sides, malformed: str) -> None:
    for operation, more in (
        ("ConfirmDeployment", {}),
        ("CorrectDeployment", {"version": 1}),
        ("EndDeployment", {"version": 1}),
    ):
        refused = await write(operation, sides.town, id=malformed, **more)
        assert refused["errors"][0]["field"] == "id"
