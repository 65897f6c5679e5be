import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from registry.database import Database
from registry.domain import campaigns
from tests.servers import listening


@pytest.fixture(scope="module")
async def address(shared_database: Database) -> AsyncIterator[str]:
    async with listening(shared_database) as url:
        yield url.replace("http", "ws", 1) + "/graphql"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The campaign is not known before the event."""
    event = asyncio.Event()
    known = campaigns.current

    async def waited(*arguments: Any) -> Any:
        await event.wait()
        return await known(*arguments)

    monkeypatch.setattr(campaigns, "current", waited)
    return event
