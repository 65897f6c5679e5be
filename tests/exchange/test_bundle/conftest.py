from pathlib import Path

import pytest

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.exchange.bundles import imported, insert_geography, small, write


@pytest.fixture
async def registry(database: Database) -> Database:
    """The geography, and no record of a bundle."""
    async with database.transaction(ADMINISTRATOR) as session:
        await insert_geography(session)
    return database


@pytest.fixture
async def filled(registry: Database, tmp_path: Path) -> Database:
    """The small bundle is recorded, so that there is something to change or to spoil."""
    await imported(registry, write(tmp_path / "small", small()))
    return registry
