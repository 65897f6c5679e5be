from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from registry.database import Database
from tests.api.conftest import OPERATIONS, Written, written

__all__ = ["written"]

Mutate = Callable[..., Awaitable[Any]]


@pytest.fixture
def mutate() -> Mutate:
    """Run a named mutation in a browser, from a page of the service; what it answers."""

    async def run(browser: httpx2.AsyncClient, operation: str, **given: Any) -> Any:
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        reply = await browser.post(
            "/graphql",
            json={"query": query, "variables": {"input": given}},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert reply.status_code == 200, reply.text
        assert "errors" not in reply.json(), reply.text
        return next(iter(reply.json()["data"].values()))

    return run


@pytest.fixture
async def nobody(database: Database, written: Written) -> Callable[[], Awaitable[None]]:
    """Assert that no one signed in: neither a session, nor a word in the ledger."""

    async def check() -> None:
        async with database.read() as session:
            for table in ("account", "web_session"):
                assert not await count(session, table)
        assert await written() == []

    return check


async def count(session: Any, table: str) -> int:
    found = await session.scalar(sa.text(f"SELECT count(*) FROM {table}"))
    return int(found)
