"""A connection that lost the role or the row policies behind our back never shows a row."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import sqlalchemy as sa

from registry.app import create_app
from registry.database import Database, DatabaseUnable, connected
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.settings import Settings
from tests.api.conftest import MINISTRY, Token, credentials
from tests.api.sides import EBENE

LOST = ["SET ROLE none", "SET row_security = off"]
PROJECTED = {"query": f'{{ vendor(siren: "{EBENE}") {{ name }} }}'}
RESOLVED = {"query": "{ campaign { name } }"}


@pytest.fixture
async def single(world: None, addresses: Addresses) -> AsyncIterator[Database]:
    """One connection, so that the next to ask has the one that was tampered with."""
    async with connected(addresses.service, pool_size=1) as database:
        yield database


@pytest.fixture
async def asking(single: Database) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(single, Settings()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


async def lose(database: Database, statement: str) -> None:
    """As a pooler's server connection that another program left so."""
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text(statement))


@pytest.mark.parametrize("statement", LOST)
@pytest.mark.parametrize("body", [PROJECTED, RESOLVED])
async def test_a_query_is_refused_with_the_reason_then_served_by_another_connection(
    asking: httpx2.AsyncClient, single: Database, statement: str, body: dict[str, str]
) -> None:
    await lose(single, statement)
    reply = await asking.post("/graphql", json=body)
    assert reply.status_code == 503
    assert "data" not in reply.json()
    (error,) = reply.json()["errors"]
    assert "raccord_app" in error["message"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    again = await asking.post("/graphql", json=body)
    assert (again.status_code, "errors" in again.json()) == (200, False)


@pytest.mark.parametrize("statement", LOST)
@pytest.mark.parametrize("path", ["/collectivites", "/readyz"])
async def test_a_page_is_refused_with_the_reason(
    asking: httpx2.AsyncClient, single: Database, statement: str, path: str
) -> None:
    await lose(single, statement)
    reply = await asking.get(path)
    assert (reply.status_code, "raccord_app" in reply.text) == (503, True)
    assert (await asking.get(path)).status_code == 200


@pytest.mark.parametrize("statement", LOST)
async def test_nothing_is_written(single: Database, statement: str) -> None:
    await lose(single, statement)
    with pytest.raises(DatabaseUnable):
        await lose(single, "DELETE FROM vendor")
    async with single.read() as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM vendor"))


async def test_a_token_reads_where_nothing_can_be_written(
    asking: httpx2.AsyncClient, single: Database, token: Token
) -> None:
    """On a standby, or a database that is in read-only mode; a write is told why it is not."""
    by = credentials(await token(MINISTRY))
    await lose(single, "SET default_transaction_read_only = on")
    reply = await asking.post("/graphql", json=RESOLVED, headers=by)
    assert (reply.status_code, "errors" in reply.json()) == (200, False)
    body = {"query": 'mutation { registerVendor(input: {siren: "1", name: "A"}) { __typename } }'}
    reply = await asking.post("/graphql", json=body, headers=by)
    assert reply.status_code == 503
    assert "lecture seule" in reply.json()["errors"][0]["message"]
