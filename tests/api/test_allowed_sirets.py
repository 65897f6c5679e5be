import asyncio

import pytest

from tests.api.conftest import MINISTRY, Ask, Token, Written
from tests.factories import establishment, siren

OWN, OTHER, TOWN = establishment(MINISTRY), establishment(siren(99980001)), siren(99970000)
GIVEN = {"siret": OTHER, "label": "Direction du numérique"}

pytestmark = pytest.mark.usefixtures("ministry")


async def test_the_ministry_manages_its_list(
    write: Ask, read_as: Ask, person: Token, written: Written
) -> None:
    by, newcomer = await person(MINISTRY), await person(OTHER[:9])
    assert (await read_as("Me", newcomer))["me"]["allowedSirets"] is None
    added = await write("AllowSiret", by, **GIVEN)
    assert (added["__typename"], added["siret"], added["label"]) == (
        "AllowedSiret",
        OTHER,
        "Direction du numérique",
    )
    me = (await read_as("Me", newcomer))["me"]
    assert me["roles"] == ["MINISTRY"]
    assert [entry["siret"] for entry in me["allowedSirets"]] == [OTHER, OWN]
    removed = await write("DisallowSiret", by, siret=f"{OTHER[:9]} {OTHER[9:]}")
    assert removed["removedAt"]
    assert (await read_as("Me", newcomer))["me"]["roles"] == []
    assert (await write("AllowSiret", by, **GIVEN))["__typename"] == "AllowedSiret"
    assert [entry[:2] for entry in await written()] == [
        ("create", "allowed_siret"),
        ("remove", "allowed_siret"),
        ("create", "allowed_siret"),
    ]


async def test_nobody_removes_their_own_establishment(
    write: Ask, read_as: Ask, person: Token, written: Written
) -> None:
    by = await person(MINISTRY)
    refused = await write("DisallowSiret", by, siret=OWN)
    assert refused["__typename"] == "NotAllowed"
    assert "propre établissement" in refused["message"]
    assert (await read_as("Me", by))["me"]["roles"] == ["MINISTRY"]
    assert await written() == []


async def test_two_that_remove_each_other_never_empty_the_list(
    write: Ask, person: Token, written: Written
) -> None:
    first, second = await person(MINISTRY), await person(OTHER[:9])
    await write("AllowSiret", first, **GIVEN)
    both = await asyncio.gather(
        write("DisallowSiret", first, siret=OTHER), write("DisallowSiret", second, siret=OWN)
    )
    assert sorted(answer["__typename"] for answer in both) == ["AllowedSiret", "NotAllowed"]
    assert len(await written()) == 2


async def test_nobody_else_and_no_machine_manages_the_list(
    write: Ask, person: Token, ministry: str, written: Written
) -> None:
    stranger = await person(TOWN)
    for by, refusal in ((None, "NotSignedIn"), (stranger, "NotAllowed"), (ministry, "NotAllowed")):
        assert (await write("AllowSiret", by, **GIVEN))["__typename"] == refusal
        assert (await write("DisallowSiret", by, siret=OTHER))["__typename"] == refusal
    assert await written() == []


async def test_what_can_not_be_on_the_list(write: Ask, person: Token, written: Written) -> None:
    by = await person(MINISTRY)
    invalid = await write("AllowSiret", by, siret=OTHER[:9], label=" ")
    assert [fault["field"] for fault in invalid["errors"]] == ["siret", "label"]
    known = await write("AllowSiret", by, siret=OWN, label="Ministère")
    assert (known["__typename"], known["field"]) == ("AlreadyExists", "siret")
    unknown = await write("DisallowSiret", by, siret=OTHER)
    assert (unknown["__typename"], unknown["field"]) == ("NotFound", "siret")
    malformed = await write("DisallowSiret", by, siret="123")
    assert [fault["field"] for fault in malformed["errors"]] == ["siret"]
    assert await written() == []


async def test_an_entry_added_twice_at_once_stands_once(
    write: Ask, person: Token, written: Written
) -> None:
    by = await person(MINISTRY)
    both = await asyncio.gather(*(write("AllowSiret", by, **GIVEN) for _ in range(2)))
    assert sorted(answer["__typename"] for answer in both) == ["AllowedSiret", "AlreadyExists"]
    assert len(await written()) == 1
