import asyncio

import pytest

from tests.api.conftest import MINISTRY, Ask, Person, Written
from tests.factories import establishment, siren

OWN, OTHER, TOWN = establishment(MINISTRY), establishment(siren(99980001)), siren(99970000)
GIVEN = {"siret": OTHER, "label": "Direction du numérique"}

pytestmark = pytest.mark.usefixtures("ministry")


async def test_the_ministry_manages_its_list(
    write: Ask, ask_as: Ask, person: Person, written: Written
) -> None:
    by, newcomer = person(MINISTRY), person(OTHER[:9])
    assert (await ask_as("Me", newcomer))["me"]["allowedSirets"] is None
    added = await write("AllowSiret", by, **GIVEN)
    assert (added["__typename"], added["siret"], added["label"]) == (
        "AllowedSiret",
        OTHER,
        "Direction du numérique",
    )
    me = (await ask_as("Me", newcomer))["me"]
    assert me["roles"] == ["MINISTRY"]
    assert [entry["siret"] for entry in me["allowedSirets"]] == sorted([OWN, OTHER])
    removed = await write("DisallowSiret", by, siret=f"{OTHER[:9]} {OTHER[9:]}")
    assert removed["removedAt"]
    assert (await ask_as("Me", newcomer))["me"]["roles"] == []
    assert (await write("AllowSiret", by, **GIVEN))["__typename"] == "AllowedSiret"
    assert await written() == [
        ("create", "allowed_siret", "account:1"),
        ("remove", "allowed_siret", "account:1"),
        ("create", "allowed_siret", "account:1"),
    ]


async def test_nobody_removes_their_own_establishment(
    write: Ask, ask_as: Ask, person: Person, written: Written
) -> None:
    by = person(MINISTRY)
    refused = await write("DisallowSiret", by, siret=OWN)
    assert refused["__typename"] == "NotAllowed"
    assert "propre établissement" in refused["message"]
    assert (await ask_as("Me", by))["me"]["roles"] == ["MINISTRY"]
    assert await written() == []


async def test_two_that_remove_each_other_never_empty_the_list(
    write: Ask, person: Person, written: Written
) -> None:
    first, second = person(MINISTRY), person(OTHER[:9])
    await write("AllowSiret", first, **GIVEN)
    both = await asyncio.gather(
        write("DisallowSiret", first, siret=OTHER), write("DisallowSiret", second, siret=OWN)
    )
    assert sorted(answer["__typename"] for answer in both) == ["AllowedSiret", "NotAllowed"]
    assert len(await written()) == 2


async def test_nobody_else_and_no_machine_manages_the_list(
    write: Ask, person: Person, ministry: str, written: Written
) -> None:
    stranger = person(TOWN)
    for by, refusal in ((None, "NotSignedIn"), (stranger, "NotAllowed"), (ministry, "NotAllowed")):
        assert (await write("AllowSiret", by, **GIVEN))["__typename"] == refusal
        assert (await write("DisallowSiret", by, siret=OTHER))["__typename"] == refusal
    assert await written() == []


async def test_what_can_not_be_on_the_list(write: Ask, person: Person, written: Written) -> None:
    by = person(MINISTRY)
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
    write: Ask, person: Person, written: Written
) -> None:
    by = person(MINISTRY)
    both = await asyncio.gather(*(write("AllowSiret", by, **GIVEN) for _ in range(2)))
    assert sorted(answer["__typename"] for answer in both) == ["AllowedSiret", "AlreadyExists"]
    assert len(await written()) == 1
