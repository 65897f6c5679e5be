from pathlib import Path

import pytest

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from tests.conftest import STATES
from tests.exchange.bundles import imported, insert_geography, small, write


@pytest.fixture
async def registry(addresses: Addresses, database: Database) -> Database:
    """The geography, and no record of a bundle."""

    async def build() -> None:
        async with database.transaction(ADMINISTRATOR) as session:
            await insert_geography(session)

    await STATES[addresses].fill("geography", build)
    return database


@pytest.fixture
async def filled(addresses: Addresses, registry: Database, tmp_path: Path) -> Database:
    """The small bundle is recorded, so that there is something to change or to spoil."""
    folder = write(tmp_path / "small", small())

    async def build() -> None:
        await imported(registry, folder)

    await STATES[addresses].fill("small bundle", build, after="geography")
    return registry
