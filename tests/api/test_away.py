"""The database goes away and comes back; the service stays."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from registry.app import CONNECT_TIMEOUT, create_app
from registry.database import connected, migrate
from registry.embedded import Addresses
from registry.liveness import JUST_USED
from registry.settings import Settings
from tests.effort import POSTGRES
from tests.servers import create_external_login, external

QUERY = {"query": "{ campaign { name } vendors { totalCount } }"}
ACCEPT = {"accept": "application/graphql-response+json"}

Control = Callable[..., None]


@pytest.fixture(scope="module")
def unsteady() -> Iterator[tuple[Addresses, Control]]:
    """A server of this file's own. Its folder is not pytest's: any start of pytest closes those
    to the user whom PostgreSQL runs as when the suite is root's.
    """
    with TemporaryDirectory() as folder, external(POSTGRES, Path(folder)) as server:
        yield server


@pytest.fixture(scope="module")
async def prepared(unsteady: tuple[Addresses, Control]) -> tuple[Addresses, Control]:
    await create_external_login(unsteady[0].superuser)
    await migrate(unsteady[0].owner)
    return unsteady


@asynccontextmanager
async def frozen(superuser: str) -> AsyncIterator[None]:
    """The processes that talk to the service stand still as long as the block lasts."""
    connection = await asyncpg.connect(superuser)
    talking = "SELECT pid FROM pg_stat_activity WHERE application_name = 'raccord'"
    processes = [row["pid"] for row in await connection.fetch(talking)]
    await connection.close()
    assert processes
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with connected(url, connect_timeout=CONNECT_TIMEOUT) as database:
        transport = httpx2.ASGITransport(create_app(database, Settings()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            yield client


async def asked(client: httpx2.AsyncClient) -> tuple[httpx2.Response, float]:
    start = time.monotonic()
    reply = await client.post("/graphql", json=QUERY, headers=ACCEPT)
    return reply, time.monotonic() - start


def check_away(reply: httpx2.Response) -> None:
    (error,) = reply.json()["errors"]
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert "data" not in reply.json()


@pytest.mark.parametrize("stop", ["fast", "immediate"])
async def test_503_while_it_is_away_then_answers_again(
    prepared: tuple[Addresses, Control], stop: str
) -> None:
    addresses, control = prepared
    async with serving(addresses.service) as client:
        replies = await asyncio.gather(*(asked(client) for _ in range(4)))
        assert {reply.status_code for reply, _ in replies} == {200}
        control("-m", stop, "stop")
        for _ in range(2):
            for reply, seconds in await asyncio.gather(*(asked(client) for _ in range(4))):
                check_away(reply)
                assert seconds < 1
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/livez")).status_code == 200
        control("start")
        back = time.monotonic()
        while (reply := (await asked(client))[0]).status_code != 200:
            check_away(reply)
            assert time.monotonic() - back < 5
        assert (await client.get("/readyz")).status_code == 200


async def test_connections_that_froze_are_replaced(prepared: tuple[Addresses, Control]) -> None:
    addresses, _ = prepared
    async with serving(addresses.service) as client:
        await asyncio.gather(*(asked(client) for _ in range(4)))
        async with frozen(addresses.superuser):
            for reply, seconds in await asyncio.gather(*(asked(client) for _ in range(4))):
                assert reply.status_code == 200
                assert seconds < 1


async def test_a_database_that_is_far_is_not_away(prepared: tuple[Addresses, Control]) -> None:
    """Each exchange takes 150 ms: pages are slower, and are served."""
    address = urlsplit(prepared[0].service)
    assert address.port
    async with far(address.port, 0.15) as port:
        url = address._replace(netloc=f"raccord_login@127.0.0.1:{port}").geturl()
        async with serving(url) as client:
            for path in ("/collectivites", "/readyz", "/collectivites"):
                assert (await client.get(path)).status_code == 200
                await asyncio.sleep(2 * JUST_USED)
            assert (await asked(client))[0].status_code == 200


@asynccontextmanager
async def far(port: int, delay: float) -> AsyncIterator[int]:
    """A relay to that port, on one of its own, whose every answer comes that late."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_carry(reader, there_writer, 0.0), _carry(there_reader, writer, delay))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            await asyncio.sleep(delay)
            writer.write(data)
    writer.close()


async def test_a_server_that_says_nothing_is_away_within_a_second() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        async with serving(f"postgresql://nobody@127.0.0.1:{port}/none") as client:
            reply, seconds = await asked(client)
            check_away(reply)
            assert seconds < 1


async def test_the_wait_for_a_connection_is_bounded(prepared: tuple[Addresses, Control]) -> None:
    async with connected(prepared[0].service, pool_size=1, pool_timeout=0.2) as database:
        transport = httpx2.ASGITransport(create_app(database, Settings()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            async with database.read() as session:
                await session.connection()
                reply, seconds = await asked(client)
                check_away(reply)
                assert 0.2 <= seconds < 1
            assert (await asked(client))[0].status_code == 200


async def test_a_database_never_reached_leaves_the_service_alive(tmp_path: Path) -> None:
    async with serving(f"postgresql:///none?host={tmp_path}") as client:
        check_away((await asked(client))[0])
        assert (await client.get("/livez")).status_code == 200
        reply = await client.get("/readyz")
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
