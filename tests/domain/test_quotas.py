"""One count of an actor's writes, exact however many processes serve."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry.database import Database, connected
from registry.domain import quotas
from registry.domain.actor import Actor, Role
from registry.domain.errors import QuotaExceeded
from registry.domain.quotas import Quota
from registry.embedded import Addresses

ONE = Actor(Role.MEMBER, "one")
OTHER = Actor(Role.MEMBER, "other")
DAY = timedelta(days=1)
ROWS = sa.text("SELECT actor, used FROM write_quota ORDER BY actor, window_start")


async def take(
    database: Database, actor: Actor, cost: int, limit: int, window: timedelta = DAY
) -> Quota:
    async with database.transaction(actor) as session:
        return await quotas.take(session, actor.name, cost, limit, window)


async def granted(database: Database, actor: Actor, cost: int, limit: int) -> bool:
    try:
        (await take(database, actor, cost, limit)).check()
    except QuotaExceeded:
        return False
    return True


async def rows(database: Database) -> list[tuple[str, int]]:
    async with database.read() as session:
        return [(row.actor, row.used) for row in await session.execute(ROWS)]


async def test_the_last_unit_is_granted_and_not_one_more(database: Database) -> None:
    outcomes = [await granted(database, ONE, 2, 5) for _ in range(4)]
    assert outcomes == [True, True, False, False]
    assert await granted(database, OTHER, 5, 5)
    assert not await granted(database, OTHER, 1, 5)
    assert await rows(database) == [("one", 6), ("other", 6)]


async def test_a_refusal_tells_when_to_come_back(database: Database) -> None:
    quota = await take(database, ONE, 10**12, 5, timedelta(minutes=1))
    assert (quota.limit, quota.used) == (5, 6)
    assert timedelta(0) < quota.resets_in <= timedelta(minutes=1)
    with pytest.raises(QuotaExceeded) as refused:
        quota.check()
    assert 0 < refused.value.retry_after <= 60
    assert f"réessayer dans {refused.value.retry_after} s" in refused.value.message


@pytest.mark.parametrize("cost", [1, 3])
async def test_it_is_exact_across_pools(
    database: Database, addresses: Addresses, cost: int
) -> None:
    async with connected(addresses.service) as elsewhere:
        outcomes = await asyncio.gather(
            *(granted(pool, ONE, cost, 60) for _ in range(50) for pool in (database, elsewhere))
        )
    assert outcomes.count(True) == 60 // cost


async def test_a_new_window_starts_empty_and_old_ones_are_removed(database: Database) -> None:
    window = timedelta(milliseconds=50)
    for _ in range(10):
        assert (await take(database, ONE, 5, 5, window)).used <= 6
        await asyncio.sleep(0.05)
    assert (await take(database, ONE, 5, 5, window)).used == 5
    assert len(await rows(database)) <= 4
