"""How a file is received, taken up by a worker, and followed by its sender."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.turns import take_turn
from registry.exchange.bulk.running import run_next
from tests.api.conftest import Ask, Token
from tests.api.test_bulk_declarations.conftest import (
    AUBEPINE,
    EBENE,
    Send,
    famille,
    lines,
    links,
)
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")


@pytest.mark.parametrize(
    ("status", "path", "asked", "body"),
    [
        (401, "deployments", {}, "x"),
        (403, "deployments", {}, "x"),
        (404, "vendors", {}, "x"),
        (400, "deployments", {"dryRun": "peut-être"}, "x"),
        (400, "deployments", {"completeOn": "demain"}, "x"),
        (400, "deployments", {"couleur": "bleu"}, "x"),
        (400, "activations", {"completeOn": "2026-01-01"}, "x"),
        (400, "deployments", {}, ""),
        (413, "deployments", {}, "x" * 20_000_001),
    ],
)
async def test_what_is_not_received(
    put: Send,
    token: Token,
    uploads: Path,
    status: int,
    path: str,
    asked: dict[str, str],
    body: str,
) -> None:
    by = {401: None, 403: await token(siren(21001002))}.get(status, await token(EBENE))
    reply = await put(by, body, path, **asked)
    assert reply.status_code == status, reply.text
    assert reply.json()["errors"][0]["message"]
    assert not [*uploads.glob("incoming-*")]


async def test_only_the_sender_sees_a_file(
    put: Send, token: Token, client: httpx2.AsyncClient
) -> None:
    reply = await put(await token(EBENE), lines(famille("01006")))
    other = {"Authorization": f"Bearer {await token(AUBEPINE)}"}
    for address in (reply.headers["location"], f"{reply.headers['location']}/faulty.csv"):
        assert (await client.get(address, headers=other)).status_code == 404
        assert (await client.get(address)).status_code == 404


async def test_a_key_sends_once(put: Send, token: Token) -> None:
    by, body = await token(EBENE), lines(famille("01006"))
    first = await put(by, body, key="un", dryRun="false")
    again = await put(by, body, key="un", dryRun="false")
    assert again.json()["id"] == first.json()["id"]
    assert (await put(by, body, key="un")).status_code == 422


async def test_rights_that_ended_meanwhile_are_seen(
    put: Send, token: Token, database: Database, uploads: Path, ask: Ask
) -> None:
    await put(await token(EBENE), lines(famille("01006")), dryRun="false")
    async with database.transaction(ADMINISTRATOR) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE token SET revoked_at = now()")
    await run_next(database, uploads)
    assert await links(database, "01006") == []


async def test_a_worker_that_dies_leaves_the_file_to_another(
    put: Send, token: Token, database: Database, uploads: Path, client: httpx2.AsyncClient
) -> None:
    by = await token(EBENE)
    sent = await put(by, lines(famille("01006")), dryRun="false")

    async def state() -> str:
        reply = await client.get(
            sent.headers["location"], headers={"Authorization": f"Bearer {by}"}
        )
        return str(reply.json()["state"])

    async with database.transaction(ADMINISTRATOR) as session:
        await take_turn(session)
        dying = asyncio.create_task(run_next(database, uploads))
        while await state() != "RUNNING":
            pass
        assert not await run_next(database, uploads)
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
    assert await state() == "RUNNING"
    assert await run_next(database, uploads)
    assert await state() == "DONE"
    assert len(await links(database, "01006")) == 1


async def test_two_workers_share_the_files(
    put: Send, token: Token, database: Database, uploads: Path, client: httpx2.AsyncClient
) -> None:
    by = await token(EBENE)
    sent = [
        await put(by, lines(famille(code)), dryRun="false") for code in ("01005", "01006", "01007")
    ]
    await asyncio.gather(*(run_next(database, uploads) for _ in sent))
    while await run_next(database, uploads):
        pass
    for reply in sent:
        done = await client.get(
            reply.headers["location"], headers={"Authorization": f"Bearer {by}"}
        )
        assert (done.json()["state"], done.json()["report"]["created"]) == ("DONE", 1)


async def test_an_organisation_reads_what_became_of_its_files(
    send: Send, token: Token, client: httpx2.AsyncClient
) -> None:
    by = await token(EBENE)
    await send(by, lines(famille("01006")))
    query = Path("graphql/operations/BulkDeclarations.graphql").read_text()
    reply = await client.post(
        "/graphql", json={"query": query}, headers={"Authorization": f"Bearer {by}"}
    )
    (listed,) = reply.json()["data"]["bulkDeclarations"]
    assert (listed["state"], listed["report"]["created"]) == ("DONE", 1)


async def test_a_stranger_has_sent_nothing(ask: Ask) -> None:
    assert await ask("BulkDeclarations") == {"bulkDeclarations": []}
