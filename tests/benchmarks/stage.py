"""The databases that the benchmarks run on, cloned from one that is ready."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from registry.database import SERVICE_ROLE, Database, connected
from registry.domain.actor import ADMINISTRATOR
from registry.domain.rollout.upkeep import settle
from registry.embedded import Addresses
from registry.exchange import referential
from registry.exchange.bundle import import_bundle
from registry.exchange.demo import write_demo
from registry.settings import Settings

VINTAGE = 2026


def write_bundle(folder: Path, scale: int) -> None:
    geography = referential.locate(Settings().fixtures_dir, VINTAGE)
    write_demo(folder, geography, scale=scale)


async def load_geography(database: Database) -> None:
    fixtures = Settings().fixtures_dir
    geography = referential.locate(fixtures, VINTAGE)
    older = referential.earlier(fixtures, VINTAGE)
    async with database.transaction(ADMINISTRATOR) as session:
        await referential.load(session, ADMINISTRATOR, geography, older)


async def load_bundle(database: Database, folder: Path) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await import_bundle(session, ADMINISTRATOR, folder)


@asynccontextmanager
async def clone(
    addresses: Addresses, template: str, *, owned: bool = False
) -> AsyncIterator[Database]:
    """A throw-away copy of a database to which nobody is connected. ``owned``: the tables' owner
    is, whom no row policy binds.
    """
    name = f"{template}_clone"
    await _superuser(addresses, f"CREATE DATABASE {name} TEMPLATE {template} OWNER raccord_owner")
    try:
        url, role = (addresses.owner, "none") if owned else (addresses.service, SERVICE_ROLE)
        async with connected(named(url, name), role=role, settle=settle) as database:
            yield database
    finally:
        await _superuser(addresses, f"DROP DATABASE {name}")


async def freeze(addresses: Addresses, name: str) -> None:
    """Keep the database as it is now under another name."""
    await _superuser(addresses, f"CREATE DATABASE {name} TEMPLATE raccord OWNER raccord_owner")


def named(url: str, database: str) -> str:
    return url.replace("/raccord?", f"/{database}?")


async def _superuser(addresses: Addresses, statement: str) -> None:
    connection = await asyncpg.connect(addresses.superuser)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
