import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from registry.app import create_app
from registry.database import Database
from registry.domain import campaigns
from registry.settings import Settings
from tests.servers import listening


@pytest.fixture(scope="module")
async def address(shared_database: Database) -> AsyncIterator[str]:
    async with listening(create_app(shared_database, Settings())) as url:
        yield url.replace("http", "ws", 1) + "/graphql"


@dataclass
class Pace:
    """The campaign is not known before ``go``; ``asked`` tells that someone waits for it."""

    asked: asyncio.Event
    go: asyncio.Event


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Pace:
    pace = Pace(asyncio.Event(), asyncio.Event())
    known = campaigns.current

    async def waited(*arguments: Any) -> Any:
        pace.asked.set()
        await pace.go.wait()
        return await known(*arguments)

    monkeypatch.setattr(campaigns, "current", waited)
    return pace
