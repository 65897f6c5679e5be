from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from starlette.requests import Request

from models import AllowedSiret, TokenScope
from models import Token as Row
from registry.api.door import GraphQLDoor
from registry.app import create_app
from registry.auth import tokens
from registry.database import Database
from registry.domain import actors
from registry.domain.actor import ADMINISTRATOR, Actor
from registry.settings import ROOT, Settings
from tests.factories import add, add_world, establishment, siren

MINISTRY = siren(99980000)
ENTRIES = sa.text("""
    SELECT entry ->> 'action' AS action, entry ->> 'noun' AS noun, entry ->> 'actor' AS actor
    FROM (SELECT seq, CAST(convert_from(payload, 'UTF8') AS json) AS entry FROM ledger) AS said
    WHERE entry ->> 'actor' NOT IN ('migration', 'administrator') ORDER BY seq
""")
OPERATIONS = ROOT / "graphql" / "operations"

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(database, Settings()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


@pytest.fixture
async def world(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
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


Token = Callable[..., Awaitable[str]]
Written = Callable[[], Awaitable[list[tuple[str, str, str]]]]


@pytest.fixture
def token(database: Database) -> Token:
    """A machine token of the organisation; with ``ministry``, its establishment is allowed."""

    async def make(
        siren: str,
        *,
        ministry: bool = False,
        scopes: Iterable[TokenScope] = TokenScope,
    ) -> str:
        secret = tokens.generate()
        siret = establishment(siren)
        async with database.transaction(ADMINISTRATOR) as session:
            if ministry:
                await add(session, AllowedSiret(siret=siret, label="Ministère"))
            await add(
                session,
                Row(
                    name="essai",
                    siren=siren,
                    siret=siret,
                    digest=tokens.digest(secret),
                    scopes=[*scopes],
                    expires_at=datetime.now(UTC) + timedelta(days=1),
                ),
            )
        return secret

    return make


Person = Callable[..., str]


@pytest.fixture
def person(database: Database, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Someone of that organisation who has signed in, to be given wherever a token is."""
    people: dict[str, tuple[str, str]] = {}
    authenticate = GraphQLDoor.authenticate

    async def known(door: GraphQLDoor, request: Request) -> Actor:
        name = request.headers.get("authorization", "").removeprefix("Bearer ")
        if name not in people:
            return await authenticate(door, request)
        siret, email = people[name]
        async with database.read() as session:
            return await actors.person(session, name, siret, label="Organisation", email=email)

    def make(siren: str, email: str = "agent@organisation.example") -> str:
        name = f"account:{len(people) + 1}"
        people[name] = (establishment(siren), email)
        return name

    monkeypatch.setattr(GraphQLDoor, "authenticate", known)
    return make


@pytest.fixture
async def ministry(token: Token) -> str:
    return await token(MINISTRY, ministry=True)


@pytest.fixture
def write(client: httpx2.AsyncClient) -> Ask:
    """Run a named mutation with this input, by the holder of a token; what it answers."""

    async def run(operation: str, by: str | None = None, **given: Any) -> Any:
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        reply = await client.post(
            "/graphql",
            json={"query": query, "variables": {"input": given}},
            headers={"Authorization": f"Bearer {by}"} if by else {},
        )
        assert reply.status_code == 200, reply.text
        assert "errors" not in reply.json(), reply.text
        return next(iter(reply.json()["data"].values()))

    return run


@pytest.fixture
def ask_as(client: httpx2.AsyncClient) -> Ask:
    """Run a named query by the holder of a token; its data."""

    async def run(operation: str, by: str, **variables: Any) -> Any:
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        reply = await client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {by}"},
        )
        assert reply.status_code == 200, reply.text
        assert "errors" not in reply.json(), reply.text
        return reply.json()["data"]

    return run


@pytest.fixture
def written(database: Database) -> Written:
    """The entries of the ledger after what the test began with: action, noun, actor."""

    async def read() -> list[tuple[str, str, str]]:
        async with database.read() as session:
            rows = await session.execute(ENTRIES)
        return [(row.action, row.noun, row.actor) for row in rows]

    return read


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
