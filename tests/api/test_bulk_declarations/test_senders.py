"""For whom a file is sent, and who reads what became of it: the organisation acted for decides."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from models import Delegation, TokenScope
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.exchange.bulk.running import run_next
from tests.api.conftest import MINISTRY, Ask, Token, credentials
from tests.api.test_bulk_declarations.conftest import (
    AUBEPINE,
    EBENE,
    Send,
    famille,
    lines,
    links,
)
from tests.factories import add, siren

pytestmark = pytest.mark.usefixtures("world")

AGENCY, EMAIL = siren(99970001), "delegue@agence.example"
QUERY = Path("graphql/operations/BulkDeclarations.graphql").read_text()


@pytest.fixture
async def delegate(database: Database, person: Token) -> str:
    """Someone of an agency, who acts for Ébène."""
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, Delegation(siren=EBENE, delegate_siren=AGENCY, email=EMAIL))
    return await person(AGENCY, EMAIL)


@pytest.fixture
def sent(client: httpx2.AsyncClient) -> Send:
    async def run(by: str, body: str = "", **asked: str) -> httpx2.Response:
        body = body or lines(famille("01006"))
        return await client.put(
            "/bulk/deployments",
            content=body,
            params={"dryRun": "false"} | asked,
            headers=credentials(by),
        )

    return run


@pytest.fixture
def read(client: httpx2.AsyncClient) -> Any:
    async def run(by: str, address: str) -> int:
        return (await client.get(address, headers=credentials(by))).status_code

    return run


@pytest.fixture
def listed(client: httpx2.AsyncClient) -> Any:
    async def run(by: str) -> Any:
        reply = await client.post("/graphql", json={"query": QUERY}, headers=credentials(by))
        return reply.json()

    return run


async def test_a_delegate_s_file_is_the_organisation_s(
    delegate: str,
    person: Token,
    sent: Send,
    read: Any,
    listed: Any,
    database: Database,
    uploads: Path,
) -> None:
    """It is read by who sent it and by the vendor; not by the delegate's colleagues."""
    reply = await sent(delegate)
    assert reply.status_code == 202, reply.text
    address = reply.headers["location"]
    member, colleague = await person(EBENE), await person(AGENCY, "collegue@agence.example")
    assert [await read(by, address) for by in (delegate, member)] == [200, 200]
    assert [await read(by, address) for by in (colleague, await person(AUBEPINE))] == [404, 404]
    assert len((await listed(member))["data"]["bulkDeclarations"]) == 1
    assert (await listed(colleague))["data"]["bulkDeclarations"] == []
    assert await run_next(database, uploads)
    assert len(await links(database, "01006")) == 1


async def test_a_delegation_that_ended_meanwhile_ends_its_files(
    delegate: str, sent: Send, database: Database, uploads: Path, read: Any
) -> None:
    address = (await sent(delegate)).headers["location"]
    async with database.transaction(ADMINISTRATOR) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE delegation SET ended_at = now()")
    assert await run_next(database, uploads)
    assert await links(database, "01006") == []
    assert await read(delegate, address) == 404


async def test_who_acts_for_several_says_for_whom(
    delegate: str, sent: Send, database: Database, uploads: Path
) -> None:
    """And speaks of that one's software alone."""
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, Delegation(siren=AUBEPINE, delegate_siren=AGENCY, email=EMAIL))
    unsaid = await sent(delegate)
    assert unsaid.status_code == 400
    (error,) = unsaid.json()["errors"]
    assert error["extensions"]["field"] == "siren"
    assert EBENE in error["message"]
    assert AUBEPINE in error["message"]
    assert (await sent(delegate, siren=siren(21001002))).status_code == 403
    assert (await sent(delegate, siren="12")).status_code == 400
    assert (await sent(delegate, siren=AUBEPINE)).status_code == 202
    assert await run_next(database, uploads)
    assert await links(database, "01006") == []
    assert (await sent(delegate, siren=EBENE)).status_code == 202
    assert await run_next(database, uploads)
    assert len(await links(database, "01006")) == 1


async def test_a_token_reads_with_the_scope_for_it(
    token: Token, sent: Send, read: Any, listed: Any
) -> None:
    declarer = await token(EBENE, scopes=[TokenScope.DECLARE])
    reader = await token(EBENE, scopes=[TokenScope.READ])
    reply = await sent(declarer)
    assert reply.status_code == 202
    address = reply.headers["location"]
    assert [await read(by, address) for by in (declarer, reader)] == [403, 200]
    assert await read(declarer, f"{address}/faulty.csv") == 403
    assert (await sent(reader)).status_code == 403
    (error,) = (await listed(declarer))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "READ" in error["message"]


async def test_the_ministry_s_files_are_not_for_whoever_shares_its_siren(
    ministry: str, sent: Send, read: Any, listed: Any, database: Database, person: Token
) -> None:
    address = (await sent(ministry)).headers["location"]
    assert await read(ministry, address) == 200
    async with database.transaction(ADMINISTRATOR) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE allowed_siret SET removed_at = now()")
    assert await read(await person(MINISTRY), address) == 404
    assert (await listed(await person(MINISTRY)))["data"]["bulkDeclarations"] == []


async def test_a_declaring_token_reads_no_delegate_and_no_token(
    token: Token, person: Token, read_as: Ask, write: Ask
) -> None:
    given = {"siren": EBENE, "email": EMAIL, "delegateSiren": AGENCY}
    named = await write("NameDelegate", await person(EBENE), **given)
    declarer = await token(EBENE, scopes=[TokenScope.DECLARE])
    reader = await token(EBENE, scopes=[TokenScope.READ])
    shown = {by: (await read_as("Me", by))["me"] for by in (declarer, reader)}
    assert (shown[declarer]["tokens"], shown[declarer]["delegations"]) == ([], [])
    assert len(shown[reader]["tokens"]) == 2
    assert [row["email"] for row in shown[reader]["delegations"]] == [EMAIL]
    for by, seen in ((declarer, False), (reader, True)):
        ids = (named["id"], shown[reader]["tokens"][0]["id"])
        assert [(await read_as("Node", by, id=each))["node"] is not None for each in ids] == [
            seen,
            seen,
        ]
