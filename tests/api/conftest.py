from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from models import Account, AllowedSiret, TokenScope, WebSession
from models import Token as Row
from registry.app import create_app
from registry.auth import sessions, tokens
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, SIGN_IN
from registry.settings import ROOT, Settings
from tests.api.sides import AUBEPINE, EBENE, NEIGHBOUR, OPERATOR, TOWN, Sides, town
from tests.factories import add, establishment, siren

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


async def issued(
    database: Database,
    siren: str,
    *,
    ministry: bool = False,
    scopes: Iterable[TokenScope] = TokenScope,
) -> str:
    """A machine token of the organisation; with ``ministry``, its establishment is allowed."""
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


@pytest.fixture
def token(database: Database) -> Token:
    return partial(issued, database)


@pytest.fixture
def person(database: Database) -> Token:
    """Someone of that organisation in a browser that signed in: what it sends as its session."""

    async def make(siren: str, email: str = "agent@organisation.example") -> str:
        secret = sessions.generate()
        siret = establishment(siren)
        account = Account(
            issuer="https://provider.example",
            subject=secret[:8],
            siret=siret,
            organisation="Organisation",
            email=email,
        )
        async with database.transaction(SIGN_IN) as session:
            await add(session, account)
            opened = WebSession(
                digest=sessions.digest(secret), account_id=account.recorded_id, siret=siret
            )
            await add(session, opened)
        return secret

    return make


def credentials(by: str | None) -> dict[str, str]:
    if by is None:
        return {}
    if by.startswith(tokens.PREFIX):
        return {"Authorization": f"Bearer {by}"}
    return {"Cookie": f"{sessions.SESSION}={by}", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def ministry(token: Token) -> str:
    return await token(MINISTRY, ministry=True)


@pytest.fixture
async def sides(world: None, token: Token, ministry: str) -> Sides:
    return Sides(
        town=await token(town(TOWN)),
        vendor=await token(EBENE),
        ministry=ministry,
        neighbour=await token(town(NEIGHBOUR)),
        competitor=await token(AUBEPINE),
        operator=await token(OPERATOR),
    )


@pytest.fixture
def write(client: httpx2.AsyncClient) -> Ask:
    """Run a named mutation with this input, by a token or a session; what it answers."""

    async def run(operation: str, by: str | None = None, **given: Any) -> Any:
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        reply = await client.post(
            "/graphql",
            json={"query": query, "variables": {"input": given}},
            headers=credentials(by),
        )
        assert reply.status_code == 200, reply.text
        assert "errors" not in reply.json(), reply.text
        return next(iter(reply.json()["data"].values()))

    return run


@pytest.fixture
def read_as(client: httpx2.AsyncClient) -> Ask:
    """Run a named query by a token or a session; its data."""

    async def run(operation: str, by: str | None = None, **variables: Any) -> Any:
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        reply = await client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers=credentials(by),
        )
        assert "errors" not in reply.json(), reply.text
        return reply.json()["data"]

    return run


@pytest.fixture
def written(database: Database) -> Written:
    """The entries of the ledger after what the test began with: action, noun, actor."""

    async def read() -> list[tuple[str, str, str]]:
        async with database.read(ADMINISTRATOR) as session:
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
