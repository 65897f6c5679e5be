from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from registry.database import Database, connected, migrate
from registry.domain.actor import ADMINISTRATOR
from registry.domain.rollout.upkeep import settle
from registry.embedded import Addresses
from tests.effort import POSTGRES
from tests.factories import add_world
from tests.servers import create_external_login, server
from tests.states import EMPTY, States, opened

FORGETFUL = ("fsync", "full_page_writes", "synchronous_commit")
"""What keeps data through a power cut, which no registry of the suite has to survive."""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    folder: Path = tmp_path_factory.mktemp("postgres")
    with server(POSTGRES, folder) as addresses:
        yield addresses


STATES: dict[Addresses, States] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another PostgreSQL, only what asks for the server or for its version: what does neither
    was judged with 18.
    """
    if POSTGRES != 18:
        config.hook.pytest_deselected(items=[it for it in items if not _meets_postgres(it)])
        items[:] = filter(_meets_postgres, items)


def _meets_postgres(item: pytest.Item) -> bool:
    assert isinstance(item, pytest.Function)
    return "postgres" in item.fixturenames or hasattr(item.module, "POSTGRES")


@pytest.fixture(scope="session")
async def addresses(postgres: Addresses) -> AsyncIterator[Addresses]:
    """A migrated database; the suite's connections to it are the service's own."""
    if POSTGRES != 18:
        await create_external_login(postgres.superuser)
    administrator = await asyncpg.connect(postgres.superuser)
    for setting in FORGETFUL:
        await administrator.execute(f"ALTER SYSTEM SET {setting} = off")
    await administrator.execute("SELECT pg_reload_conf()")
    owner = urlsplit(postgres.owner).username
    await administrator.execute(f"GRANT SET ON PARAMETER session_replication_role TO {owner}")
    await administrator.close()
    await migrate(postgres.owner)
    async with opened(postgres.owner) as states:
        STATES[postgres] = states
        yield postgres


@pytest.fixture(scope="session")
async def shared_database(addresses: Addresses) -> AsyncIterator[Database]:
    async with connected(addresses.service, settle=settle) as database:
        yield database


async def reset(addresses: Addresses) -> None:
    """Back to what the migrations leave: the campaign, and nothing else."""
    await STATES[addresses].restore(EMPTY)


@pytest.fixture
async def database(addresses: Addresses, shared_database: Database) -> Database:
    """An empty registry."""
    await reset(addresses)
    return shared_database


@pytest.fixture
async def world(addresses: Addresses, database: Database) -> None:
    """The small registry of the factories."""

    async def build() -> None:
        async with database.transaction(ADMINISTRATOR) as session:
            await add_world(session)

    await STATES[addresses].fill("world", build)
