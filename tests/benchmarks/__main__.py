"""``make bench``: ratios against what a user would pick instead, in one run on one machine."""

import argparse
import asyncio
import os
import platform
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.database import connected, migrate
from registry.domain.rollout.upkeep import settle
from registry.embedded import Addresses, running
from tests.benchmarks.answers import blockers
from tests.benchmarks.exchanges import exported, imported
from tests.benchmarks.stage import freeze, load_bundle, load_geography, write_bundle
from tests.benchmarks.start import started
from tests.benchmarks.timing import HEADER

CATALOGUE = (
    "vendors.csv",
    "products.csv",
    "collectivites.csv",
    "integrations.csv",
    "commitments.csv",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="× 200 000 usages")
    scale = parser.parse_args().scale
    print(f"{platform.platform()}, {os.cpu_count()} cœurs, Python {platform.python_version()}")
    print(HEADER)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder / "data") as addresses:
            asyncio.run(_measure(addresses, folder, scale))
        print(asyncio.run(started(folder / "data")))


async def _measure(addresses: Addresses, folder: Path, scale: int) -> None:
    bundle, catalogue = folder / "bundle", folder / "catalogue"
    write_bundle(bundle, scale)
    catalogue.mkdir()
    for file in CATALOGUE:
        shutil.copy(bundle / file, catalogue)
    await migrate(addresses.owner)
    async with connected(addresses.service, settle=settle) as database:
        await load_geography(database)
        await load_bundle(database, catalogue)
    await freeze(addresses, "catalogue")
    async with connected(addresses.service, settle=settle) as database:
        await load_bundle(database, bundle)
        for row in (
            blockers(addresses, database),
            imported(addresses, "catalogue", bundle, database),
            exported(database),
        ):
            print(await row)


if __name__ == "__main__":
    main()
