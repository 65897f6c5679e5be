"""The suite's own promise: a registry that is put back is the same, to the last table."""

import asyncpg
import pytest

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from tests.conftest import STATES
from tests.factories import add, add_world, vendor
from tests.states import EMPTY, TABLES

Contents = dict[str, list[str]]


async def contents(addresses: Addresses) -> Contents:
    owner = await asyncpg.connect(addresses.owner)
    try:
        tables = [row["name"] for row in await owner.fetch(TABLES)]
        found = {
            name: await owner.fetch(f"SELECT row::text AS said FROM {name} AS row ORDER BY 1")
            for name in tables
        }
    finally:
        await owner.close()
    return {name: [row["said"] for row in rows] for name, rows in found.items()}


async def spoil(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, vendor(99990009, "De trop"))


@pytest.mark.parametrize("large", [False, True])
async def test_a_state_is_put_back_whole(
    addresses: Addresses, database: Database, monkeypatch: pytest.MonkeyPatch, *, large: bool
) -> None:
    if large:
        monkeypatch.setattr("tests.states.DELETABLE", -1)
    states = STATES[addresses]
    empty = await contents(addresses)
    assert {name for name, rows in empty.items() if rows} == {
        *("campaign", "derivation", "ledger", "schema_digest", "target")
    }

    async def build() -> None:
        async with database.transaction(ADMINISTRATOR) as session:
            await add_world(session)

    await states.fill("tried", build)
    world = await contents(addresses)
    for name, state in (("tried", world), (EMPTY, empty), ("tried", world)):
        await spoil(database)
        assert await contents(addresses) != state
        await states.restore(name)
        assert await contents(addresses) == state


async def test_a_state_stands_until_something_is_written(
    addresses: Addresses, database: Database
) -> None:
    states = STATES[addresses]
    await contents(addresses)
    assert await states.at(EMPTY)
    async with database.transaction(ADMINISTRATOR, dry_run=True) as session:
        await add(session, vendor(99990009, "Défait"))
    assert not await states.at(EMPTY)
