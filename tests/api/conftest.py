from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest

from registry.app import create_app
from registry.database import Database
from registry.settings import ROOT, Settings
from tests.factories import add_world

OPERATIONS = ROOT / "graphql" / "operations"

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(database, Settings()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


@pytest.fixture
async def world(database: Database) -> None:
    async with database.transaction() as session:
        await add_world(session)


@pytest.fixture
def answer(client: httpx2.AsyncClient) -> Ask:
    """Run a named operation of the project; the whole reply."""

    async def run(operation: str, **variables: Any) -> Any:
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        reply = await client.post("/graphql", json={"query": query, "variables": variables})
        assert reply.status_code == 200, reply.text
        return reply.json()

    return run


@pytest.fixture
def ask(answer: Ask) -> Ask:
    """Run a named operation that must succeed; its data."""

    async def run(operation: str, **variables: Any) -> Any:
        reply = await answer(operation, **variables)
        assert "errors" not in reply, reply
        return reply["data"]

    return run


@pytest.fixture
def refusal(answer: Ask) -> Ask:
    """Run a named operation that must be refused; the extensions of its only error."""

    async def run(operation: str, **variables: Any) -> Any:
        reply = await answer(operation, **variables)
        assert len(reply["errors"]) == 1, reply
        return reply["errors"][0]["extensions"]

    return run
