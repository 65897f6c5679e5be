"""Bundles in and out, against PostgreSQL's own COPY."""

import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import sqlalchemy as sa

from registry.domain.actor import ADMINISTRATOR
from registry.exchange.bundle import export_bundle
from registry.exchange.tables import TABLES
from tests.benchmarks.stage import CATALOGUE, Stage, clone, copied, load_bundle, named
from tests.benchmarks.timing import RUNS, Row, compare, timed

COLUMNS = (
    "collectivite_id",
    "product_id",
    "demarche",
    "since",
    "until",
    "operator",
    "declared_by",
    "confirmed_by",
)


async def imported(stage: Stage) -> Row:
    """Deployments alone, into a registry that knows the vendors and products; COPY gets the same
    rows with their keys already resolved, into the same table with its indexes and constraints.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(stage.bundle / "deployments.csv", folder)
        async with stage.database.read() as session:
            selected = sa.text(f"SELECT {', '.join(COLUMNS)} FROM deployment ORDER BY id")
            records = [tuple(row) for row in await session.execute(selected)]

        async def ours() -> float:
            async with clone(stage.addresses, CATALOGUE) as database:
                return await timed(lambda: load_bundle(database, folder))

        async def peer() -> float:
            # The owner, whom no row policy binds, with the settings that PostgreSQL comes with.
            async with copied(stage.addresses, CATALOGUE) as name:
                owner = await asyncpg.connect(named(stage.addresses.owner, name))
                try:
                    return await timed(
                        lambda: owner.copy_records_to_table(
                            "deployment", records=records, columns=COLUMNS
                        )
                    )
                finally:
                    await owner.close()

        return await compare(
            f"import de {stage.size} usages{', une fois' if stage.scale > 1 else ''}",
            ours,
            peer,
            must=0.35,
            aim=0.6,
            limit=True,
            runs=1 if stage.scale > 1 else RUNS,
        )


async def exported(stage: Stage) -> Row:
    with TemporaryDirectory() as name:
        folder = Path(name)

        async def ours() -> float:
            async with stage.database.read() as session:
                return await timed(lambda: export_bundle(session, ADMINISTRATOR, folder))

        async def peer() -> float:
            owner = await asyncpg.connect(stage.addresses.owner)
            try:
                return await timed(partial(_copy, owner, folder / "peer.csv"))
            finally:
                await owner.close()

        return await compare("export du registre", ours, peer, must=0.5, aim=0.8, limit=True)


async def _copy(owner: "asyncpg.Connection[asyncpg.Record]", place: Path) -> None:
    for table in TABLES:
        await owner.copy_from_table(table.name.removesuffix("s"), output=place, format="csv")
