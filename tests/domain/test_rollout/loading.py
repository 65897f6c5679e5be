"""A registry of the oracle's, put in the database by the program's own import."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.exchange.bundle import import_bundle
from tests.exchange.bundles import complete_bodies, insert_bodies, write
from tests.oracle import ProductKey, World
from tests.strategies import bundle


@dataclass(frozen=True)
class Loaded:
    """``bodies`` (by code) and ``products`` lead to the identifiers of the rows."""

    session: AsyncSession
    bodies: Mapping[str, int]
    products: Mapping[ProductKey, int]


@asynccontextmanager
async def loaded(database: Database, world: World) -> AsyncIterator[Loaded]:
    """Holds for the time of the block: nothing is committed, so no world sees another."""
    async with database.transaction(ADMINISTRATOR, dry_run=True) as session:
        await session.execute(
            sa.text("UPDATE campaign SET accepted_services = :services"),
            {"services": sorted(world.accepted_services)},
        )
        await insert_bodies(session, world.bodies)
        if any(bundle(world).values()):
            with tempfile.TemporaryDirectory() as folder:
                await import_bundle(session, ADMINISTRATOR, write(Path(folder), bundle(world)))
        await complete_bodies(session, world.bodies)
        yield Loaded(session, await _bodies(session), await _products(session))


async def _bodies(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(sa.text("SELECT code, id FROM collectivite"))
    return {row.code: row.id for row in rows}


async def _products(session: AsyncSession) -> dict[ProductKey, int]:
    rows = await session.execute(sa.text("SELECT vendor_siren, slug, product_id FROM product_key"))
    return {(siren, slug): identifier for siren, slug, identifier in rows}
