"""The registries that the benchmarks run on, and throw-away copies of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from registry.database import Database, connected, migrate
from registry.domain.actor import ADMINISTRATOR
from registry.domain.rollout.upkeep import settle
from registry.embedded import Addresses, running
from registry.exchange import referential
from registry.exchange.bundle import import_bundle
from registry.exchange.demo import write_demo
from registry.settings import Settings

VINTAGE = 2026
CATALOGUE = "catalogue"
"""The database of a registry that has all but who uses what."""
USES = ("deployments.csv", "activations.csv")


@dataclass(frozen=True, slots=True)
class Stage:
    """A registry of ``scale`` times the demo's deployments, and the bundle that it comes from."""

    scale: int
    addresses: Addresses
    database: Database
    bundle: Path

    @property
    def size(self) -> str:
        return f"{200_000 * self.scale:,}".replace(",", "\u202f")


@asynccontextmanager
async def staged(folder: Path, scale: int) -> AsyncIterator[Stage]:
    """In ``folder / "data"``, whose server stops with the block, and leaves it ready to start."""
    bundle = folder / "bundle"
    geography = referential.locate(Settings().fixtures_dir, VINTAGE)
    write_demo(bundle, geography, scale=scale)
    catalogue = folder / CATALOGUE
    catalogue.mkdir()
    for file in bundle.iterdir():
        if file.name not in USES:
            (catalogue / file.name).symlink_to(file)
    with running(folder / "data") as addresses:
        await migrate(addresses.owner)
        async with connected(addresses.service, settle=settle) as database:
            await load_geography(database)
            await load_bundle(database, catalogue)
        await _superuser(addresses, _copied(CATALOGUE, "raccord"))
        async with connected(addresses.service, settle=settle) as database:
            await load_bundle(database, bundle)
            await _analyse(addresses)
            yield Stage(scale, addresses, database, bundle)


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
async def copied(addresses: Addresses, template: str) -> AsyncIterator[str]:
    """The name of a throw-away copy of a database to which nobody is connected."""
    name = f"{template}_clone"
    await _superuser(addresses, _copied(name, template))
    try:
        yield name
    finally:
        await _superuser(addresses, f"DROP DATABASE {name}")


@asynccontextmanager
async def clone(addresses: Addresses, template: str) -> AsyncIterator[Database]:
    """Likewise, opened as the service opens it."""
    async with (
        copied(addresses, template) as name,
        connected(named(addresses.service, name), settle=settle) as database,
    ):
        yield database


def named(url: str, database: str) -> str:
    return url.replace("/raccord?", f"/{database}?")


def _copied(name: str, template: str) -> str:
    return f"CREATE DATABASE {name} TEMPLATE {template} OWNER raccord_owner"


async def _analyse(addresses: Addresses) -> None:
    """What autovacuum would do within minutes, before anyone measures, and not meanwhile."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        await owner.execute("VACUUM ANALYZE")
    finally:
        await owner.close()


async def _superuser(addresses: Addresses, statement: str) -> None:
    connection = await asyncpg.connect(addresses.superuser)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
