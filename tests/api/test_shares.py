"""No caller takes all the connections: a request has a few, queries and writers their share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest
import sqlalchemy as sa

from registry.api import door
from registry.app import create_app
from registry.auth import rates
from registry.auth.rates import Queue, TooOften
from registry.database import Database, DatabaseAway, connected
from registry.domain import campaigns
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.settings import Settings

ACCEPT = {"accept": "application/graphql-response+json"}
RUNNING = """
    SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'
    AND pid <> pg_backend_pid()
"""
TEN = {"query": "{ " + " ".join(f"a{number}: campaign {{ name }}" for number in range(10)) + " }"}


@asynccontextmanager
async def serving(
    addresses: Addresses, *, lock_timeout: float = 0, **settings: Any
) -> AsyncIterator[tuple[Database, httpx2.AsyncClient]]:
    given = Settings(**settings)
    async with connected(
        addresses.service,
        pool_size=given.pool_size,
        pool_timeout=given.pool_timeout,
        write_share=given.write_share,
        lock_timeout=lock_timeout,
    ) as database:
        transport = httpx2.ASGITransport(create_app(database, given))
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            yield database, client


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The campaign takes half a minute to read; how many connections were taken after each."""
    taken: list[int] = []

    async def current(session: Any, _: object) -> None:
        taken.append(0)
        await session.execute(sa.text("SELECT pg_sleep(30)"))

    monkeypatch.setattr(campaigns, "current", current)
    return taken


async def still_running(addresses: Addresses, wanted: int) -> int:
    """How many statements sleep in PostgreSQL, once they are as many as wanted, or at last."""
    connection = await asyncpg.connect(addresses.superuser.replace("/postgres?", "/raccord?"))
    try:
        for _ in range(200):
            found = int(await connection.fetchval(RUNNING))
            if found == wanted:
                break
            await asyncio.sleep(0.02)
        return found
    finally:
        await connection.close()


@pytest.mark.usefixtures("database")
async def test_a_request_takes_two_connections_and_is_cancelled_whole(
    addresses: Addresses, asleep: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "DEADLINE", 1.5)
    async with serving(addresses) as (_, client):
        asking = asyncio.create_task(client.post("/graphql", json=TEN, headers=ACCEPT))
        assert await still_running(addresses, 2) == 2
        reply = await asking
        assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (
            503,
            "TIMEOUT",
        )
        assert len(asleep) == 2
        assert await still_running(addresses, 0) == 0
        assert (await client.get("/readyz")).status_code == 200


@pytest.mark.usefixtures("database")
async def test_pages_answer_while_queries_and_writers_wait(
    addresses: Addresses, asleep: list[int]
) -> None:
    async with serving(addresses, requests_at_once=0) as (database, client):
        asking = [
            asyncio.create_task(client.post("/graphql", json=TEN, headers=ACCEPT))
            for _ in range(10)
        ]

        async def write() -> None:
            async with database.transaction(ADMINISTRATOR) as session:
                await session.execute(sa.text("SELECT pg_sleep(30)"))

        asking += [asyncio.create_task(write()) for _ in range(10)]
        settings = Settings()
        taken = settings.query_share + settings.write_share
        assert taken < settings.pool_size
        assert await still_running(addresses, taken) == taken
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/collectivites")).status_code == 200
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert await still_running(addresses, 0) == 0
    assert len(asleep) == settings.query_share


@pytest.mark.usefixtures("database", "asleep")
async def test_when_one_field_fails_its_siblings_are_cancelled(addresses: Addresses) -> None:
    """The deadline is ten seconds, and the siblings would sleep for thirty."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        async with serving(addresses, lock_timeout=0.5) as (_, client), owner.transaction():
            await owner.execute("LOCK TABLE vendor")
            body = {"query": "{ campaign { name } vendors { totalCount } }"}
            reply = await client.post("/graphql", json=body, headers=ACCEPT)
            assert reply.status_code == 503
            assert reply.json()["errors"][0]["extensions"] == {"code": "BUSY"}
            assert await still_running(addresses, 0) == 0
    finally:
        await owner.close()


@pytest.mark.usefixtures("database")
async def test_a_share_is_waited_for_no_longer_than_the_pool(addresses: Addresses) -> None:
    async with serving(addresses, pool_size=3, pool_timeout=0.2) as (database, _):
        for _ in range(2):
            async with database.transaction(ADMINISTRATOR), database.read() as session:
                with pytest.raises(DatabaseAway):
                    await database.transaction(ADMINISTRATOR).__aenter__()
                assert await session.scalar(sa.text("SELECT 1")) == 1


@pytest.mark.usefixtures("database", "asleep")
async def test_one_address_waits_for_itself_then_is_told_to_come_back(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "PATIENCE", 0.1)
    async with serving(addresses, requests_at_once=1) as (_, client):
        one = {"query": "{ campaign { name } }"}
        asking = asyncio.create_task(client.post("/graphql", json=one))
        assert await still_running(addresses, 1) == 1
        reply = await client.post("/graphql", json=one, headers=ACCEPT)
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
        assert reply.json()["errors"][0]["extensions"] == {
            "code": "RATE_LIMITED",
            "limit": "running",
            "allowed": 1,
            "retryAfter": 1,
        }
        assert (await client.get("/collectivites")).status_code == 200
        asking.cancel()
        await asyncio.wait([asking])


async def test_those_who_wait_are_bounded_and_served_in_order() -> None:
    queue, served = Queue(1, waiting=2), []

    async def work(number: int) -> None:
        async with queue.place():
            served.append(number)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(work(number)) for number in range(4)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 3 + [TooOften]
    assert served == [0, 1, 2]
    await work(5)
    assert served[-1] == 5
