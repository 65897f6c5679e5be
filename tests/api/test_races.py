"""Two who act at once on one record: each change names the state it expects, and one has it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from models import Demarche, SurchargeKind
from registry.auth import sessions
from registry.database import Database
from registry.domain import deployments, web_sessions
from registry.domain.actor import ADMINISTRATOR, SIGN_IN, Actor, Role
from registry.domain.deployments import Declaration
from registry.domain.errors import Conflict
from registry.domain.turns import LOADS
from tests.api.conftest import Ask, Token, Written
from tests.api.sides import AUBEPINE, EBENE, READY, TOWN, Sides, link, town
from tests.factories import siren

OWN, AGENCY, EMAIL = siren(99970000), siren(99970001), "delegue@agence.example"
WAITING = sa.text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")


@asynccontextmanager
async def held(database: Database, statement: str, *tasks: Any) -> AsyncIterator[list[Any]]:
    """Once the block ends, the tasks go on from the lock where they all wait."""
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text(statement))
        running = [asyncio.ensure_future(task) for task in tasks]
        async with asyncio.timeout(10):
            while await _waiting(database) < len(running):
                pass
        outcomes: list[Any] = []
        yield outcomes
    outcomes += await asyncio.gather(*running)


async def _waiting(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(WAITING) or 0


@pytest.mark.usefixtures("world")
async def test_a_vendor_s_record_is_taken_over_once(
    write: Ask, token: Token, database: Database, written: Written
) -> None:
    by = await token(EBENE)
    claims = [write("RegisterVendor", by, siren=EBENE, name=name) for name in ("Un", "Deux")]
    lock = f"SELECT FROM vendor WHERE siren = '{EBENE}' FOR UPDATE"
    async with held(database, lock, *claims) as outcomes:
        pass
    assert Counter(each["__typename"] for each in outcomes) == {"Vendor": 1, "Conflict": 1}
    assert [entry[0] for entry in await written()] == ["claim"]


async def test_a_token_is_revoked_once(
    write: Ask, person: Token, database: Database, written: Written
) -> None:
    by = await person(OWN)
    made = await write("CreateToken", by, name="nuit", scopes=["READ"], days=1)
    revoked = [write("RevokeToken", by, id=made["token"]["id"]) for _ in range(2)]
    lock = (
        "SELECT pg_advisory_xact_lock(hashtextextended("
        f"siren || ' ' || name, 7032025)) FROM token WHERE siren = '{OWN}' AND name = 'nuit'"
    )
    async with held(database, lock, *revoked) as outcomes:
        pass
    assert Counter(each["__typename"] for each in outcomes) == {"Token": 1, "NotInThisState": 1}
    assert [entry[0] for entry in await written()] == ["create", "revoke"]


async def test_a_delegation_ends_once(
    write: Ask, person: Token, database: Database, written: Written
) -> None:
    by = await person(OWN)
    named = await write("NameDelegate", by, siren=OWN, email=EMAIL, delegateSiren=AGENCY)
    ends = [write("EndDelegation", by, id=named["id"]) for _ in range(2)]
    async with held(database, "SELECT FROM delegation FOR UPDATE", *ends) as outcomes:
        pass
    assert Counter(each["__typename"] for each in outcomes) == {
        "Delegation": 1,
        "NotInThisState": 1,
    }
    assert [entry[0] for entry in await written()] == ["create", "end"]


async def test_a_session_ends_once(person: Token, database: Database, written: Written) -> None:
    digest = sessions.digest(await person(OWN))

    async def leave() -> None:
        async with database.transaction(SIGN_IN) as session:
            await web_sessions.end(session, digest, datetime.now(UTC))

    async with held(database, "SELECT FROM web_session FOR UPDATE", leave(), leave()):
        pass
    assert [entry[:2] for entry in await written()] == [
        ("sign-out", "account"),
        ("sign-out", "web_session"),
    ]


async def test_what_a_town_said_while_it_was_read_is_seen(
    sides: Sides, write: Ask, database: Database
) -> None:
    """It has no online démarche, it says; and meanwhile that it uses a portal."""
    declared = write("DeclareDeployment", sides.town, **link())
    said = f"""
        WITH body AS (
            UPDATE collectivite SET no_online_demarche_since = '2024-01-01'
            WHERE insee = '{TOWN}' RETURNING id
        ) SELECT pg_advisory_xact_lock(hashtextextended('collectivite:' || id, 0)) FROM body
    """
    async with held(database, said, declared) as outcomes:
        pass
    assert outcomes[0]["__typename"] == "Deployment"
    since = f"SELECT no_online_demarche_since FROM collectivite WHERE insee = '{TOWN}'"
    async with database.read() as session:
        assert await session.scalar(sa.text(since)) is None


async def test_a_product_sold_meanwhile_is_not_signed_for(
    sides: Sides, write: Ask, database: Database
) -> None:
    """The step would be the seller's, of a product that is another's."""
    signed = write(
        "SignCommitment",
        sides.vendor,
        vendorSiren=EBENE,
        product="famille",
        charterVersion="2022-03-07",
        signatory="Alix Exemple",
        signatoryCapacity="Gérance",
        scope=[*SurchargeKind],
    )
    sold = f"""
        WITH moved AS (
            UPDATE product SET vendor_id = (SELECT id FROM vendor WHERE siren = '{AUBEPINE}')
            WHERE slug = 'famille' RETURNING id
        ) SELECT pg_advisory_xact_lock({LOADS}) FROM moved
    """
    async with held(database, sold, signed) as outcomes:
        pass
    assert outcomes[0]["__typename"] == "Conflict"


async def test_a_use_that_ended_meanwhile_is_not_prolonged_by_what_replaces_it(
    sides: Sides, database: Database
) -> None:
    async with database.read() as session:
        found = sa.text(
            "SELECT deployment.id, collectivite_id FROM deployment"
            " JOIN product ON product.id = product_id"
            " JOIN collectivite AS body ON body.id = collectivite_id"
            f" WHERE insee = '{READY}' AND slug = 'famille'"
        )
        use, body = (await session.execute(found)).one()
    own = town(READY)
    actor = Actor(
        Role.MEMBER, "account:1", own, sirens=frozenset({own}), collectivites=frozenset({body})
    )

    async def replace() -> str:
        given = Declaration(READY, AUBEPINE, "guichet", Demarche.PERISCOLAIRE)
        try:
            async with database.transaction(actor) as session:
                await deployments.replace(session, actor, given, [Demarche.PERISCOLAIRE], [use])
        except Conflict:
            return "conflict"
        return "written"

    ended = f"""
        WITH ended AS (UPDATE deployment SET until = '2024-05-01' WHERE id = {use} RETURNING id)
        SELECT pg_advisory_xact_lock(hashtextextended('collectivite:{body}', 0)) FROM ended
    """
    async with held(database, ended, replace()) as outcomes:
        pass
    assert outcomes == ["conflict"]
    async with database.read() as session:
        until = await session.scalar(sa.text(f"SELECT until FROM deployment WHERE id = {use}"))
    assert until == date(2024, 5, 1)


async def test_a_request_that_went_to_a_successor_meanwhile_is_read_again(
    sides: Sides, write: Ask, database: Database
) -> None:
    named = await write(
        "NameSoftware", sides.town, collectivite=TOWN, name="Portail", demarches=["PERISCOLAIRE"]
    )
    refused = write("RefuseSoftware", sides.ministry, id=named["id"], reason="Inconnu.")
    moved = f"""
        WITH moved AS (
            UPDATE software_request
            SET collectivite_id = (SELECT id FROM collectivite WHERE insee = '{READY}')
            RETURNING id
        ) SELECT pg_advisory_xact_lock({LOADS}) FROM moved
    """
    async with held(database, moved, refused) as outcomes:
        pass
    assert outcomes[0]["__typename"] == "Conflict"
