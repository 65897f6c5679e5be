"""A lock that another holds makes a caller wait a little, then come back; it is no bug."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx2
import pytest
import sqlalchemy as sa

from registry import app as root
from registry import database
from registry.app import create_app, serving
from registry.database import Database, DatabaseBusy, connected
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.envelope import Envelope
from registry.settings import Settings
from tests.api.conftest import Token
from tests.factories import siren

QUERY = {"query": "{ campaign { name } }"}


@asynccontextmanager
async def locked(addresses: Addresses, table: str) -> AsyncIterator[None]:
    owner = await asyncpg.connect(addresses.owner)
    try:
        async with owner.transaction():
            await owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await owner.close()


@asynccontextmanager
async def served(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Envelope]:
    """What the command serves, on the suite's database."""
    monkeypatch.setenv("RACCORD_DATABASE_URL", addresses.service)
    monkeypatch.setenv("RACCORD_OWNER_DATABASE_URL", addresses.owner)
    app = serving()
    assert isinstance(app, Envelope)
    async with app.app.router.lifespan_context(app.app):  # type: ignore[attr-defined]
        yield app


@pytest.mark.usefixtures("database")
async def test_a_lock_held_too_long_is_a_503_to_retry(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "LOCK_TIMEOUT", 0.2)
    async with served(addresses, monkeypatch) as app:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            async with locked(addresses, "campaign"):
                start = time.monotonic()
                reply = await client.post("/graphql", json=QUERY)
                assert 0.2 <= time.monotonic() - start < 2
            (error,) = reply.json()["errors"]
            assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
            assert error["extensions"] == {"code": "BUSY"}
            assert "réessayer" in error["message"]
            assert "data" not in reply.json()
            assert (await client.post("/graphql", json=QUERY)).status_code == 200


async def test_a_file_is_told_the_same(token: Token, addresses: Addresses) -> None:
    headers = {"Authorization": f"Bearer {await token(siren(99970000))}"}
    async with connected(addresses.service, lock_timeout=0.1) as impatient:
        transport = httpx2.ASGITransport(create_app(impatient, Settings()))
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://registry") as client,
            locked(addresses, "token"),
        ):
            reply = await client.put("/bulk/deployments", headers=headers)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert reply.json()["errors"][0]["extensions"]["code"] == "BUSY"


def test_the_wait_for_a_lock_ends_before_the_request_does() -> None:
    assert 1 <= root.LOCK_TIMEOUT < root.STATEMENT_TIMEOUT
    assert root.LOCK_TIMEOUT < 10


async def test_a_write_waits_no_longer_and_writes_nothing(
    shared_database: Database, addresses: Addresses
) -> None:
    name = "UPDATE campaign SET name = 'Autre'"
    async with (
        connected(addresses.service, lock_timeout=0.1) as impatient,
        locked(addresses, "campaign"),
    ):
        with pytest.raises(DatabaseBusy):
            async with impatient.transaction(ADMINISTRATOR) as session:
                await session.execute(sa.text(name))
    async with shared_database.read() as session:
        assert await session.scalar(sa.text("SELECT name FROM campaign")) != "Autre"


async def test_of_two_writes_that_wait_for_each_other_one_is_told(
    shared_database: Database,
) -> None:
    lock = sa.text("SELECT pg_advisory_xact_lock(7032099, :number)")
    both = asyncio.Barrier(2)

    async def write(first: int, second: int) -> None:
        async with shared_database.transaction(ADMINISTRATOR) as session:
            await session.execute(lock, {"number": first})
            await both.wait()
            await session.execute(lock, {"number": second})

    outcomes = await asyncio.gather(write(1, 2), write(2, 1), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DatabaseBusy", "NoneType"]


async def test_the_service_s_statements_end_even_without_a_request_to_end_them(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "STATEMENT_TIMEOUT", 0.2)
    monkeypatch.setattr(root, "LOCK_TIMEOUT", 0)
    async with served(addresses, monkeypatch) as app, locked(addresses, "campaign"):
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            start = time.monotonic()
            reply = await client.post("/graphql", json=QUERY)
            assert 0.2 <= time.monotonic() - start < 2
    assert "errors" in reply.json()


async def test_a_migration_waits_a_little_for_a_lock_and_tries_again(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.MIGRATION_LOCK_TIMEOUT == "4s"
    monkeypatch.setattr(database, "MIGRATION_LOCK_TIMEOUT", "100ms")
    async with locked(addresses, "alembic_version"):
        monkeypatch.setattr(database, "MIGRATION_TRIES", 1)
        with pytest.raises(sa.exc.DBAPIError, match="lock timeout"):
            await database.migrate(addresses.owner)
        monkeypatch.setattr(database, "MIGRATION_TRIES", 3)
        migration = asyncio.create_task(database.migrate(addresses.owner))
        await asyncio.sleep(0.3)
        assert not migration.done()
    await migration


async def test_a_statement_does_not_outlive_its_time(addresses: Addresses) -> None:
    async with connected(addresses.service, statement_timeout=0.1) as brief:
        with pytest.raises(sa.exc.DBAPIError, match="statement timeout"):
            async with brief.read() as session:
                await session.execute(sa.text("SELECT pg_sleep(5)"))
