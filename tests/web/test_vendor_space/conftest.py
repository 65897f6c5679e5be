from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest

from registry.app import create_app
from registry.auth import sessions
from registry.database import Database
from registry.settings import Settings
from tests.api.conftest import Token, client, ministry, read_as, write
from tests.api.sides import EBENE
from tests.web.browsing import Browser
from tests.web.conftest import Open

__all__ = ["client", "ministry", "read_as", "write"]

SPACE = f"/espace/editeurs/{EBENE}"
PRODUCT = f"{SPACE}/logiciels/famille"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
async def browsers(
    database: Database, person: Token, tmp_path: Path, uploads: Path
) -> AsyncIterator[Open]:
    """As for all pages, with a folder of uploads that a worker of the test may read."""
    settings = Settings(
        evidence_dir=tmp_path / "evidence",
        uploads_dir=uploads,
        exports_dir=tmp_path / "exports",
    )
    app = create_app(database, settings)
    async with AsyncExitStack() as opened:

        async def make(siren: str | None) -> Browser:
            cookies = {} if siren is None else {sessions.SESSION: await person(siren)}
            made = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app),
                base_url="http://127.0.0.1",
                follow_redirects=True,
                headers={"Accept": "text/html"},
                cookies=cookies,
            )
            return Browser(await opened.enter_async_context(made))

        yield make
