"""A million deployments imported: how long, and how much the memory grows.

``python -m tests.benchmarks.million [DEPLOYMENTS]``
"""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.database import connected, migrate
from registry.domain.actor import ADMINISTRATOR
from registry.domain.rollout.upkeep import settle
from registry.embedded import running
from tests.exchange.bundles import imported, insert_towns, peak_growth, write_many


async def measure(folder: Path, deployments: int) -> None:
    bundle = write_many(folder / "bundle", deployments)
    size = (bundle / "deployments.csv").stat().st_size
    with running(folder / "data") as addresses:
        await migrate(addresses.owner)
        async with connected(addresses.service, settle=settle) as database:
            async with database.transaction(ADMINISTRATOR) as session:
                await insert_towns(session)
            start = time.perf_counter()
            report, growth = await peak_growth(database, bundle)
            first = time.perf_counter() - start
            start = time.perf_counter()
            again = await imported(database, bundle)
            second = time.perf_counter() - start
    print(
        f"{report.created['deployment']} usages, fichier de {size / 1e6:.0f} Mo : "
        f"{first:.1f} s, mémoire + {growth / 1e6:.1f} Mo ; "
        f"une seconde fois : {second:.1f} s, rien de changé : {again.nothing}"
    )


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory() as name:
        asyncio.run(measure(Path(name), wanted))
