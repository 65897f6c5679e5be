"""Bundles in and out, against PostgreSQL's own COPY."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.actor import ADMINISTRATOR
from registry.exchange.bundle import export_bundle
from registry.exchange.tables import TABLES
from tests.benchmarks.stage import CATALOGUE, Stage, clone, load_bundle
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
            # COPY refuses a table whose rows are under policies: its owner is not bound by them.
            async with (
                clone(stage.addresses, CATALOGUE, owned=True) as database,
                database.transaction(ADMINISTRATOR) as session,
            ):
                raw = await _driver(session)
                return await timed(
                    lambda: raw.copy_records_to_table(
                        "deployment", records=records, columns=COLUMNS
                    )
                )

        return await compare(
            f"import de {stage.size} usages{', une fois' if stage.scale > 1 else ''}",
            ours,
            peer,
            must=0.3,
            aim=0.6,
            runs=1 if stage.scale > 1 else RUNS,
        )


async def exported(stage: Stage) -> Row:
    with TemporaryDirectory() as name:
        folder = Path(name)

        async def ours() -> float:
            async with stage.database.read() as session:
                return await timed(lambda: export_bundle(session, ADMINISTRATOR, folder))

        async def peer() -> float:
            async with stage.database.read() as session:
                raw = await _driver(session)

                async def copy() -> None:
                    for table in TABLES:
                        await raw.copy_from_table(
                            table.name.removesuffix("s"), output=folder / "peer.csv", format="csv"
                        )

                return await timed(copy)

        return await compare("export du registre", ours, peer, must=0.5, aim=0.8)


async def _driver(session: AsyncSession) -> Any:
    return (await (await session.connection()).get_raw_connection()).driver_connection
