from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx2
import pytest

from registry.app import create_app
from registry.auth import sessions
from registry.database import Database
from registry.settings import Settings
from tests.api.conftest import MINISTRY, Token, issued, person, token, written
from tests.api.sides import AUBEPINE, EBENE, NEIGHBOUR, OPERATOR, TOWN, town
from tests.web.browsing import Browser

__all__ = ["person", "token", "written"]

Open = Callable[[str | None], Awaitable[Browser]]


@pytest.fixture
async def browsers(
    database: Database, person: Token, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Open]:
    """A browser, signed in for the organisation of that SIREN, or for nobody."""
    settings = Settings(
        evidence_dir=tmp_path_factory.mktemp("evidence"),
        exports_dir=tmp_path_factory.mktemp("exports"),
    )
    app = create_app(database, settings)
    async with AsyncExitStack() as opened:

        async def make(siren: str | None) -> Browser:
            cookies = {} if siren is None else {sessions.SESSION: await person(siren)}
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app),
                base_url="http://registry",
                follow_redirects=True,
                headers={"Accept": "text/html"},
                cookies=cookies,
            )
            return Browser(await opened.enter_async_context(client))

        yield make


@pytest.fixture
async def public(world: None, browsers: Open) -> Browser:
    return await browsers(None)


@pytest.fixture
async def vendor(world: None, browsers: Open) -> Browser:
    """Ébène Logiciels."""
    return await browsers(EBENE)


@pytest.fixture
async def competitor(world: None, browsers: Open) -> Browser:
    return await browsers(AUBEPINE)


@pytest.fixture
async def secretary(world: None, browsers: Open) -> Browser:
    """Of the town ``TOWN``."""
    return await browsers(town(TOWN))


@pytest.fixture
async def neighbour(world: None, browsers: Open) -> Browser:
    return await browsers(town(NEIGHBOUR))


@pytest.fixture
async def operator(world: None, browsers: Open) -> Browser:
    return await browsers(OPERATOR)


@pytest.fixture
async def analyst(world: None, database: Database, browsers: Open) -> Browser:
    """Of the ministry."""
    await issued(database, MINISTRY, ministry=True)
    return await browsers(MINISTRY)
