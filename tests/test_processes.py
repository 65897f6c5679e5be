"""The service as processes that are stopped, or killed, at the worst moment."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.turns import take_turn
from registry.embedded import Addresses
from tests.api.conftest import issued
from tests.api.sides import EBENE
from tests.api.test_bulk_declarations.conftest import famille, lines, links
from tests.servers import free_port

PATIENCE = 60.0
"""Seconds for a process to start, or to end, on a machine that has much to do."""
CLAIMS = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
    AND (classid = 7032025 OR (objid = 7032023 AND NOT granted))
"""
"""The locks of a worker that holds a file, and those that it waits for."""
STATE = "SELECT state FROM bulk_declaration"
KEPT = 60
GET = b"GET /livez HTTP/1.1\r\nHost: registry\r\n\r\n"


async def until(done: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not await done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


class Service:
    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process, self.port = process, port
        self.url = f"http://127.0.0.1:{port}"

    async def answers(self) -> bool:
        assert self.process.returncode is None
        try:
            async with httpx2.AsyncClient() as client:
                return (await client.get(f"{self.url}/readyz")).status_code == 200
        except httpx2.TransportError:
            return False


@asynccontextmanager
async def serving(addresses: Addresses, uploads: Path, workers: int = 1) -> AsyncIterator[Service]:
    port = free_port()
    arguments = ("-m", "registry", "serve", "--port", str(port), "--workers", str(workers))
    environment = {
        "RACCORD_DATABASE_URL": addresses.service,
        "RACCORD_OWNER_DATABASE_URL": addresses.owner,
        "RACCORD_UPLOADS_DIR": str(uploads),
        "RACCORD_EVIDENCE_DIR": str(uploads / "evidence"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=os.environ | environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    service = Service(process, port)
    try:
        await until(service.answers)
        yield service
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def one(database: Database, query: str) -> object:
    async with database.read(ADMINISTRATOR) as session:
        return await session.scalar(sa.text(query))


@pytest.mark.usefixtures("world")
async def test_a_worker_killed_in_an_upload_holds_nothing_and_leaves_nothing(
    database: Database, addresses: Addresses, tmp_path: Path
) -> None:
    """What it worked on is taken up again, once; what it was receiving is swept."""
    headers = {"Authorization": f"Bearer {await issued(database, EBENE)}"}
    put = "/bulk/deployments?dryRun=false"
    async with serving(addresses, tmp_path) as service:
        async with database.transaction(ADMINISTRATOR) as session:
            await take_turn(session)
            async with httpx2.AsyncClient(base_url=service.url, headers=headers) as client:
                sent = await client.put(put, content=lines(famille("01006")))
            assert sent.status_code == 202, sent.text

            async def is_at_work() -> bool:
                return await one(database, STATE) == "RUNNING"

            await until(is_at_work)
            _, writer = await asyncio.open_connection("127.0.0.1", service.port)
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            head += "Host: registry\r\nContent-Length: 1000000\r\n"
            writer.write(f"PUT {put} HTTP/1.1\r\n{head}\r\ncollectivite,".encode())

            async def is_received() -> bool:
                return bool([*tmp_path.glob("incoming-*")])

            await until(is_received)
            assert await one(database, CLAIMS) != 0
            service.process.kill()
            await service.process.wait()

            async def is_free() -> bool:
                return await one(database, CLAIMS) == 0

            await until(is_free, 5)  # They were held for ten seconds once.
            writer.close()
        assert await is_received()
        assert await is_at_work()
        assert await links(database, "01006") == []
    async with serving(addresses, tmp_path):

        async def is_done() -> bool:
            return not await is_received() and await one(database, STATE) == "DONE"

        await until(is_done)
    assert len(await links(database, "01006")) == 1


async def test_no_request_on_a_kept_connection_is_reset_by_a_stop(
    database: Database, addresses: Addresses, tmp_path: Path
) -> None:
    """Each is answered, or finds its connection closed in good order before it was sent."""
    async with serving(addresses, tmp_path, workers=2) as service:
        streams = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(KEPT)]
        for stream in streams:
            assert await answer(*stream) == "200"
        service.process.send_signal(signal.SIGTERM)
        answers = []
        for number, stream in zip(count(), streams, strict=False):
            if number == KEPT // 2:
                await asyncio.sleep(0.5)
            answers.append(await answer(*stream))
        assert {*answers} <= {"200", "closed"}
        assert "200" in answers
        for _, writer in streams:
            writer.close()
        assert await service.process.wait() == 0


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """To one more request: its status, "closed" where nothing came, "reset" where it was cut."""
    try:
        if reader.at_eof():
            return "closed"
        writer.write(GET)
        await writer.drain()
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(b"ok\n"))
    except asyncio.IncompleteReadError as end:
        return "cut" if end.partial else "closed"
    except ConnectionError:
        return "reset"
    return head.split()[1].decode()
