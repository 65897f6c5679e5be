import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from models import TokenScope
from registry.auth import tokens
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import now
from tests.api.conftest import MINISTRY, Ask, Token, Written
from tests.factories import establishment, siren

OWN, OTHER = siren(99970000), siren(99970001)
READ, DECLARE, REVIEW = "READ", "DECLARE", "REVIEW"
WANTED: dict[str, Any] = {"name": "nuit", "scopes": [READ, DECLARE], "days": 30}


def days_left(token: dict[str, Any]) -> float:
    return (datetime.fromisoformat(token["expiresAt"]) - now()) / timedelta(days=1)


async def set_of(database: Database, columns: str, token_id: int | None = None) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        which = "" if token_id is None else f" WHERE id = {token_id}"
        await session.execute(sa.text(f"UPDATE token SET {columns}{which}"))


async def is_good(client: httpx2.AsyncClient, secret: str) -> bool:
    reply = await client.post(
        "/graphql",
        json={"query": "{ me { organisation { siren } } }"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert reply.status_code in {200, 401}
    return reply.status_code == 200


async def test_a_person_creates_a_token_whose_secret_is_shown_once(
    write: Ask, read_as: Ask, person: Token, written: Written
) -> None:
    made = await write("CreateToken", await person(OWN), **WANTED)
    assert made["__typename"] == "IssuedToken"
    assert tokens.is_well_formed(made["secret"])
    token = made["token"]
    assert (token["name"], token["siren"], token["siret"]) == ("nuit", OWN, establishment(OWN))
    assert (token["scopes"], token["state"]) == ([READ, DECLARE], "ACTIVE")
    assert days_left(token) == pytest.approx(30, abs=0.01)
    (entry,) = await written()
    assert entry[:2] == ("create", "token")
    assert entry[2].startswith("account:")
    me = (await read_as("Me", made["secret"]))["me"]
    assert (me["organisation"]["siren"], me["scopes"]) == (OWN, [READ, DECLARE])


async def test_a_repeated_request_gets_the_token_without_its_secret(
    write: Ask, person: Token, written: Written
) -> None:
    by = await person(OWN)
    first = await write("CreateToken", by, **WANTED, idempotencyKey="un")
    again = await write("CreateToken", by, **WANTED, idempotencyKey="un")
    assert first["secret"]
    assert (again["token"], again["secret"]) == (first["token"], None)
    assert len(await written()) == 1
    turn = {"id": first["token"]["id"], "idempotencyKey": "deux"}
    renewed = await write("RotateToken", by, **turn)
    again = await write("RotateToken", by, **turn)
    assert renewed["secret"]
    assert (again["token"], again["secret"]) == (renewed["token"], None)


async def test_a_repeated_request_for_another_organisation_learns_nothing(
    write: Ask, person: Token, database: Database
) -> None:
    by = await person(OWN)
    await write("CreateToken", by, **WANTED, idempotencyKey="un")
    async with database.transaction(ADMINISTRATOR) as session:
        moved = sa.text("UPDATE web_session SET siret = :siret")
        await session.execute(moved, {"siret": establishment(OTHER)})
    again = await write("CreateToken", by, **WANTED, idempotencyKey="un")
    assert (again["__typename"], again["field"]) == ("NotFound", "idempotencyKey")


async def test_nobody_creates_a_token_without_signing_in(write: Ask, written: Written) -> None:
    for given in (WANTED, WANTED | {"idempotencyKey": "un"}):
        assert (await write("CreateToken", **given))["__typename"] == "NotSignedIn"
    assert (await write("RotateToken", id="x"))["__typename"] == "NotSignedIn"
    assert (await write("RevokeToken", id="x"))["__typename"] == "NotSignedIn"
    assert await written() == []


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"name": " ", "scopes": [], "days": 0}, ["name", "scopes", "days"]),
        ({"days": 366}, ["days"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "a\u202eb"}, ["name"]),
        ({"scopes": [READ, REVIEW]}, ["scopes"]),
    ],
)
async def test_faults_are_told_field_by_field(
    write: Ask, person: Token, written: Written, given: dict[str, Any], fields: list[str]
) -> None:
    refused = await write("CreateToken", await person(OWN), **WANTED | given)
    assert refused["__typename"] == "Invalid"
    assert [fault["field"] for fault in refused["errors"]] == fields
    assert await written() == []


async def test_one_name_is_one_token_in_force(
    write: Ask, person: Token, database: Database
) -> None:
    by = await person(OWN)
    both = await asyncio.gather(*(write("CreateToken", by, **WANTED) for _ in range(2)))
    assert sorted(made["__typename"] for made in both) == ["AlreadyExists", "IssuedToken"]
    other = await write("CreateToken", await person(OTHER), **WANTED)
    assert other["__typename"] == "IssuedToken"
    await set_of(database, "expires_at = now()")
    assert (await write("CreateToken", by, **WANTED))["__typename"] == "IssuedToken"


async def test_only_the_ministry_has_tokens_that_review(
    write: Ask, read_as: Ask, person: Token, ministry: str, database: Database
) -> None:
    made = await write("CreateToken", await person(MINISTRY), **WANTED | {"scopes": [REVIEW]})
    secret = made["secret"]
    assert (await read_as("Me", secret))["me"]["roles"] == ["MINISTRY"]
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE allowed_siret SET removed_at = now()"))
    assert (await read_as("Me", secret))["me"]["roles"] == []
    refused = await write("RotateToken", await person(MINISTRY), id=made["token"]["id"])
    assert [fault["field"] for fault in refused["errors"]] == ["scopes"]


async def test_a_machine_gives_no_more_than_it_has(
    write: Ask, token: Token, written: Written, ministry: str
) -> None:
    reader = await token(OWN, scopes=[TokenScope.READ])
    declarer = await token(OTHER, scopes=[TokenScope.DECLARE])
    wider = await write("CreateToken", declarer, **WANTED | {"days": 1})
    assert wider["__typename"] == "NotAllowed"
    longer = await write("CreateToken", declarer, **WANTED | {"scopes": [DECLARE], "days": 2})
    assert longer["__typename"] == "NotAllowed"
    assert "ni portée ni durée" in longer["message"]
    unable = await write("CreateToken", reader, **WANTED | {"scopes": [READ], "days": 1})
    assert (unable["__typename"], unable["message"]) == (
        "NotAllowed",
        "Ce jeton n’a pas la portée DECLARE.",
    )
    assert await written() == []


async def test_a_machine_touches_no_token_that_may_more_than_itself(
    write: Ask, read_as: Ask, token: Token, written: Written
) -> None:
    wider, lesser = await token(OWN), await token(OWN, scopes=[TokenScope.DECLARE])
    identifier = (await read_as("Me", wider))["me"]["tokens"][1]["id"]
    assert (await write("RotateToken", lesser, id=identifier))["__typename"] == "NotAllowed"
    assert (await write("RevokeToken", lesser, id=identifier))["__typename"] == "NotAllowed"
    assert await written() == []


async def test_rotation_leaves_two_in_force_the_older_for_a_day(
    write: Ask, read_as: Ask, person: Token, written: Written, client: httpx2.AsyncClient
) -> None:
    by = await person(OWN)
    first = await write("CreateToken", by, **WANTED)
    second = await write("RotateToken", by, id=first["token"]["id"])
    assert second["token"]["name"] == "nuit"
    assert second["token"]["scopes"] == first["token"]["scopes"]
    assert days_left(second["token"]) == pytest.approx(30, abs=0.01)
    assert second["secret"] != first["secret"]
    listed = (await read_as("Me", by))["me"]["tokens"]
    assert [days_left(token) for token in listed] == [
        pytest.approx(30, abs=0.01),
        pytest.approx(1, abs=0.01),
    ]
    assert await is_good(client, first["secret"])
    third = await write("RotateToken", by, id=second["token"]["id"], days=60)
    assert days_left(third["token"]) == pytest.approx(60, abs=0.01)
    secrets = [made["secret"] for made in (first, second, third)]
    assert [await is_good(client, secret) for secret in secrets] == [False, True, True]
    assert [entry[0] for entry in await written()] == [
        "create",
        "rotate",
        "create",
        "revoke",
        "rotate",
        "create",
    ]
    replaced = await write("RotateToken", by, id=second["token"]["id"])
    assert (replaced["__typename"], replaced["currentState"]) == ("NotInThisState", "REPLACED")
    ended = await write("RotateToken", by, id=first["token"]["id"])
    assert (ended["__typename"], ended["currentState"]) == ("NotInThisState", "REVOKED")


async def test_rotations_at_once_leave_two_in_force(
    write: Ask, read_as: Ask, person: Token
) -> None:
    by = await person(OWN)
    first = await write("CreateToken", by, **WANTED)
    turns = await asyncio.gather(
        *(write("RotateToken", by, id=first["token"]["id"]) for _ in range(4))
    )
    assert sorted(turn["__typename"] for turn in turns) == ["IssuedToken"] + ["NotInThisState"] * 3
    listed = (await read_as("Me", by))["me"]["tokens"]
    assert [token["state"] for token in listed] == ["ACTIVE", "ACTIVE"]


async def test_a_machine_keeps_its_end_when_it_rotates(
    write: Ask, person: Token, database: Database
) -> None:
    made = await write("CreateToken", await person(OWN), **WANTED)
    await set_of(database, "created_at = now() - interval '200 days'")
    renewed = await write("RotateToken", made["secret"], id=made["token"]["id"])
    assert days_left(renewed["token"]) == pytest.approx(30, abs=0.01)
    longer = await write("RotateToken", renewed["secret"], id=renewed["token"]["id"], days=31)
    assert longer["__typename"] == "NotAllowed"
    by_person = await write("RotateToken", await person(OWN), id=renewed["token"]["id"], days=365)
    assert days_left(by_person["token"]) == pytest.approx(365, abs=0.01)


async def test_a_revoked_token_is_refused_at_once(
    write: Ask, person: Token, written: Written, client: httpx2.AsyncClient
) -> None:
    by = await person(OWN)
    made = await write("CreateToken", by, **WANTED)
    ended = await write("RevokeToken", by, id=made["token"]["id"])
    assert (ended["__typename"], ended["state"]) == ("Token", "REVOKED")
    assert not await is_good(client, made["secret"])
    again = await write("RevokeToken", by, id=made["token"]["id"])
    assert (again["__typename"], again["currentState"]) == ("NotInThisState", "REVOKED")
    assert [entry[:2] for entry in await written()] == [("create", "token"), ("revoke", "token")]


async def test_an_expired_token_is_refused(
    write: Ask, read_as: Ask, person: Token, client: httpx2.AsyncClient, database: Database
) -> None:
    by = await person(OWN)
    made = await write("CreateToken", by, **WANTED)
    await set_of(database, "expires_at = now()")
    assert not await is_good(client, made["secret"])
    assert [token["state"] for token in (await read_as("Me", by))["me"]["tokens"]] == ["EXPIRED"]


async def test_tokens_are_those_of_one_s_own_organisation(
    write: Ask, read_as: Ask, person: Token, written: Written
) -> None:
    made = await write("CreateToken", await person(OWN), **WANTED)
    stranger = await person(OTHER)
    identifier = made["token"]["id"]
    for operation in ("RotateToken", "RevokeToken"):
        assert (await write(operation, stranger, id=identifier))["__typename"] == "NotFound"
        unknown = await write(operation, stranger, id="VG9rZW46OTk5")
        assert (unknown["__typename"], unknown["field"]) == ("NotFound", "id")
        wrong = await write(operation, stranger, id="VmVuZG9yOjE=")
        assert [fault["field"] for fault in wrong["errors"]] == ["id"]
    assert (await read_as("Me", stranger))["me"]["tokens"] == []
    assert (await read_as("Node", stranger, id=identifier))["node"] is None
    assert len(await written()) == 1


async def test_another_establishment_of_the_same_siren_never_gets_its_secret(
    write: Ask, person: Token, database: Database
) -> None:
    """Services of the State share the ministry's SIREN."""
    made = await write("CreateToken", await person(OWN), **WANTED)
    await set_of(database, f"siret = '{OWN}00099'")
    for operation in ("RotateToken", "RevokeToken"):
        refused = await write(operation, await person(OWN), id=made["token"]["id"])
        assert refused["__typename"] == "NotAllowed"
        assert "autre établissement" in refused["message"]


async def test_a_use_is_noted_once_a_minute_and_not_in_the_ledger(
    read_as: Ask, token: Token, written: Written, database: Database
) -> None:
    by = await token(OWN)
    await asyncio.gather(*(read_as("Me", by) for _ in range(4)))
    first = (await read_as("Me", by))["me"]["tokens"][0]["lastUsedAt"]
    assert datetime.fromisoformat(first) == pytest.approx(now(), abs=timedelta(seconds=30))
    assert (await read_as("Me", by))["me"]["tokens"][0]["lastUsedAt"] == first
    await set_of(database, "last_used_at = now() - interval '61 seconds'")
    later = (await read_as("Me", by))["me"]["tokens"][0]["lastUsedAt"]
    assert datetime.fromisoformat(later) > datetime.fromisoformat(first)
    assert await written() == []


async def test_revoking_by_machine_within_its_own_rights(
    write: Ask, read_as: Ask, token: Token, written: Written
) -> None:
    by = await token(OWN)
    identifier = (await read_as("Me", by))["me"]["tokens"][0]["id"]
    assert (await write("RevokeToken", by, id=identifier))["state"] == "REVOKED"
    assert [entry[:2] for entry in await written()] == [("revoke", "token")]
