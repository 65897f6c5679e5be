import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask, Token, Written
from tests.api.test_vendors import EBENE
from tests.factories import siren

OWN, AGENCY = siren(99970000), siren(99970001)
EMAIL = "delegue@agence.example"
GIVEN = {"siren": OWN, "email": EMAIL, "delegateSiren": AGENCY}


async def test_a_member_names_a_delegate_and_ends_it(
    write: Ask, read_as: Ask, person: Token, written: Written
) -> None:
    by, delegate = await person(OWN), await person(AGENCY, EMAIL)
    named = await write("NameDelegate", by, **GIVEN | {"email": EMAIL.upper()})
    assert (named["__typename"], named["siren"], named["delegateSiren"], named["email"]) == (
        "Delegation",
        OWN,
        AGENCY,
        EMAIL,
    )
    me = (await read_as("Me", by))["me"]
    assert [delegation["email"] for delegation in me["delegations"]] == [EMAIL]
    assert (await read_as("Me", delegate))["me"]["actsFor"] == [AGENCY, OWN]
    ended = await write("EndDelegation", by, id=named["id"])
    assert ended["endedAt"]
    assert (await read_as("Me", delegate))["me"]["actsFor"] == [AGENCY]
    assert (await read_as("Me", by))["me"]["delegations"] == []
    again = await write("EndDelegation", by, id=named["id"])
    assert (again["__typename"], again["currentState"]) == ("NotInThisState", "ENDED")
    assert [entry[:2] for entry in await written()] == [
        ("create", "delegation"),
        ("end", "delegation"),
    ]


@pytest.mark.usefixtures("world")
async def test_a_delegate_acts_for_the_vendor(write: Ask, read_as: Ask, person: Token) -> None:
    delegate = await person(AGENCY, EMAIL)
    refused = await write("RegisterVendor", delegate, siren=EBENE, name="Ébène")
    assert refused["__typename"] == "NotAllowed"
    await write("NameDelegate", await person(EBENE), **GIVEN | {"siren": EBENE})
    me = (await read_as("Me", delegate))["me"]
    assert (me["roles"], [vendor["siren"] for vendor in me["vendors"]]) == (["VENDOR"], [EBENE])
    made = await write("RegisterVendor", delegate, siren=EBENE, name="Ébène")
    assert made["__typename"] == "Vendor"


@pytest.mark.parametrize(
    ("siren_of", "email"),
    [(AGENCY, "autre@agence.example"), (siren(99970002), EMAIL)],
    ids=["another person", "another organisation"],
)
async def test_a_delegation_is_to_one_person_of_one_organisation(
    write: Ask, read_as: Ask, person: Token, siren_of: str, email: str
) -> None:
    await write("NameDelegate", await person(OWN), **GIVEN)
    assert (await read_as("Me", await person(siren_of, email)))["me"]["actsFor"] == [siren_of]


async def test_a_delegate_names_nobody_and_sees_no_address(
    write: Ask, read_as: Ask, person: Token, written: Written
) -> None:
    named = await write("NameDelegate", await person(OWN), **GIVEN)
    delegate = await person(AGENCY, EMAIL)
    other = GIVEN | {"email": "ami@agence.example"}
    assert (await write("NameDelegate", delegate, **other))["__typename"] == "NotAllowed"
    assert (await write("EndDelegation", delegate, id=named["id"]))["__typename"] == "NotFound"
    assert (await read_as("Me", delegate))["me"]["delegations"] == []
    assert (await read_as("Node", delegate, id=named["id"]))["node"] is None
    given = {"name": "nuit", "scopes": ["READ"], "days": 1}
    made = await write("CreateToken", delegate, **given)
    assert made["token"]["siren"] == AGENCY
    assert [entry[:2] for entry in await written()] == [
        ("create", "delegation"),
        ("create", "token"),
    ]


async def test_nobody_else_and_no_machine_names_a_delegate(
    write: Ask, person: Token, token: Token, written: Written
) -> None:
    assert (await write("NameDelegate", **GIVEN))["__typename"] == "NotSignedIn"
    assert (await write("NameDelegate", await person(AGENCY), **GIVEN))[
        "__typename"
    ] == "NotAllowed"
    machine = await write("NameDelegate", await token(OWN), **GIVEN)
    assert machine["__typename"] == "NotAllowed"
    assert "jamais un jeton" in machine["message"]
    unknown = await write("EndDelegation", await person(OWN), id="RGVsZWdhdGlvbjo5OTk=")
    assert (unknown["__typename"], unknown["field"]) == ("NotFound", "id")
    assert await written() == []


async def test_a_delegation_is_named_once_and_again_after_its_end(
    write: Ask, person: Token
) -> None:
    by = await person(OWN)
    first = await write("NameDelegate", by, **GIVEN)
    twice = await write("NameDelegate", by, **GIVEN)
    assert (twice["__typename"], twice["field"]) == ("AlreadyExists", "email")
    await write("EndDelegation", by, id=first["id"])
    again = await write("NameDelegate", by, **GIVEN)
    assert again["__typename"] == "Delegation"
    assert again["id"] != first["id"]


async def test_every_fault_is_told(write: Ask, person: Token, written: Written) -> None:
    given = {"siren": OWN, "email": "personne", "delegateSiren": OWN}
    refused = await write("NameDelegate", await person(OWN), **given)
    assert [fault["field"] for fault in refused["errors"]] == ["email", "delegateSiren"]
    assert await written() == []


async def test_the_ledger_holds_no_address(write: Ask, person: Token, database: Database) -> None:
    await write("NameDelegate", await person(OWN), **GIVEN)
    async with database.read(ADMINISTRATOR) as session:
        said = await session.scalars(sa.text("SELECT convert_from(payload, 'UTF8') FROM ledger"))
        entries = "".join(said)
    assert AGENCY in entries
    assert EMAIL not in entries
