"""How a file is received, taken up by a worker, and followed by its sender."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import BulkDeclaration, BulkState
from registry.database import Database
from registry.domain import bulk_declarations
from registry.domain.actor import ADMINISTRATOR, REGISTRY
from registry.domain.bulk_declarations import ClaimLost
from registry.domain.turns import take_turn
from registry.exchange.bulk import running
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


async def test_an_answer_about_a_file_is_not_stored(
    put: Send, token: Token, client: httpx2.AsyncClient, database: Database, uploads: Path
) -> None:
    by = await token(EBENE)
    sent = await put(by, lines(famille("1005"), famille("01006")))
    await run_next(database, uploads)
    address = sent.headers["location"]
    for path in (address, f"{address}/faulty.csv", "/bulk/rien"):
        reply = await client.get(path, headers={"Authorization": f"Bearer {by}"})
        assert reply.headers["cache-control"] == "no-store", reply.text
    assert sent.headers["cache-control"] == "no-store"


async def test_a_late_heartbeat_changes_nothing(
    put: Send, token: Token, database: Database, uploads: Path
) -> None:
    """It waits for the transaction that ends the file, and finds it ended."""
    await put(await token(EBENE), lines(famille("01006")), dryRun="false")
    async with database.transaction(REGISTRY) as session:
        row = await bulk_declarations.claim_next(session)
        assert row is not None
        await bulk_declarations.start(session, row.recorded_id)

    async def beat() -> None:
        async with database.transaction(REGISTRY) as session:
            await bulk_declarations.progress(session, row.recorded_id, 5)

    async with database.transaction(REGISTRY) as session:
        await bulk_declarations.finish(session, row, BulkState.DONE, {"created": 1})
        beats = [asyncio.create_task(beat()) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert not any(beating.done() for beating in beats)
    await asyncio.gather(*beats)
    assert await _states(database) == [("DONE", row.size)]
    assert not await run_next(database, uploads)


@pytest.mark.parametrize("state", [BulkState.DONE, BulkState.REFUSED, BulkState.FAILED])
async def test_what_ended_is_neither_started_nor_ended_again(
    put: Send, token: Token, database: Database, state: BulkState
) -> None:
    await put(await token(EBENE), lines(famille("01006")), dryRun="false")
    async with database.transaction(REGISTRY) as session:
        row = await bulk_declarations.claim_next(session)
        assert row is not None
        with pytest.raises(ClaimLost):
            await bulk_declarations.finish(session, row, BulkState.DONE, {})
        await bulk_declarations.start(session, row.recorded_id)
        await bulk_declarations.finish(session, row, state, {})
        with pytest.raises(ClaimLost):
            await bulk_declarations.start(session, row.recorded_id)
        with pytest.raises(ClaimLost):
            await bulk_declarations.finish(session, row, BulkState.REFUSED, {})
    assert await _states(database) == [(state.value, row.size)]


async def test_a_worker_whose_hold_ended_writes_nothing(
    put: Send,
    token: Token,
    database: Database,
    uploads: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its connection broke, another worker took the file up and ended it first."""
    await put(await token(EBENE), lines(famille("01006")), dryRun="false")
    started = bulk_declarations.start

    async def overtaken(session: AsyncSession, row_id: int) -> None:
        await started(session, row_id)
        row = (await bulk_declarations.by_ids(session, [row_id]))[row_id]
        await bulk_declarations.finish(session, row, BulkState.DONE, {"created": 1})

    monkeypatch.setattr(bulk_declarations, "start", overtaken)
    assert await run_next(database, uploads)
    assert await links(database, "01006") == []
    ((state, _),) = await _states(database)
    assert state == "DONE"


async def test_files_are_run_once_however_often_their_progress_is_told(
    put: Send,
    token: Token,
    database: Database,
    uploads: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "BEAT", 0)
    by, codes = await token(EBENE), ("01005", "01006", "01007")
    for code in codes:
        await put(by, lines(famille(code)), dryRun="false")
    await asyncio.gather(*(run_next(database, uploads) for _ in codes))
    assert not await run_next(database, uploads)
    async with database.read() as session:
        reports = await session.scalars(sa.select(col(BulkDeclaration.report)))
        assert [report and report["created"] for report in reports] == [1] * len(codes)


async def _states(database: Database) -> list[tuple[str, int]]:
    async with database.read() as session:
        rows = await session.scalars(sa.select(BulkDeclaration))
        return [(row.state.value, row.bytes_read) for row in rows]


async def test_each_organisation_has_its_turn(
    put: Send, token: Token, database: Database, uploads: Path
) -> None:
    """Whoever sends many files keeps nobody waiting."""
    by, other = await token(EBENE), await token(AUBEPINE)
    for code in ("01005", "01006", "01007"):
        await put(by, lines(famille(code)))
    await put(other, lines(famille("01005")))
    await put(other, lines(famille("01006")))
    while await run_next(database, uploads):
        pass
    async with database.read() as session:
        ended = sa.select(col(BulkDeclaration.siren)).order_by(col(BulkDeclaration.ended_at))
        assert [*await session.scalars(ended)] == [EBENE, AUBEPINE, EBENE, AUBEPINE, EBENE]


async def test_a_worker_takes_another_organisation_s_file_before_a_second_of_one(
    put: Send, token: Token, database: Database
) -> None:
    by, other = await token(EBENE), await token(AUBEPINE)
    for code in ("01005", "01006"):
        await put(by, lines(famille(code)))
    await put(other, lines(famille("01005")))
    async with AsyncExitStack() as workers:
        claimed = []
        for _ in range(4):
            session = await workers.enter_async_context(database.transaction(REGISTRY))
            claimed.append(await bulk_declarations.claim_next(session))
    assert [row and row.siren for row in claimed] == [EBENE, AUBEPINE, EBENE, None]
