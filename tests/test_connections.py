"""A client that is slow, or holds many connections, keeps nobody else from the service."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from registry.cli.service import protocols
from registry.connections import JoinedWrites
from registry.settings import Settings

GET = b"GET / HTTP/1.1\r\nHost: registry\r\n\r\n"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class App:
    """Answers what it read of the body; ``gate`` holds its answers while it is shut, and the end
    alone of one that was begun.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        if scope["path"] == "/begun":
            await StreamingResponse(self.parts())(scope, receive, send)
            return
        await self.gate.wait()
        await PlainTextResponse(f"{len(body)}")(scope, receive, send)

    async def parts(self) -> AsyncIterator[str]:
        await self.gate.wait()
        yield "the end"


class Served:
    def __init__(self, app: App, server: uvicorn.Server, port: int) -> None:
        self.app, self.server, self.port = app, server, port
        self.streams: list[Stream] = []

    async def connect(self) -> Stream:
        self.streams.append(await asyncio.open_connection("127.0.0.1", self.port))
        return self.streams[-1]

    def leave(self) -> None:
        for _, writer in self.streams:
            writer.close()

    async def ask(self, request: bytes = GET) -> str:
        reader, writer = await self.connect()
        writer.write(request)
        return await status(reader)


async def status(reader: asyncio.StreamReader) -> str:
    """Of an answer, which is read whole; « » where the connection ended without one."""
    head = await reader.read(1) and await reader.readuntil(b"\r\n\r\n")
    if not head:
        return ""
    names = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:] if line)
    await reader.readexactly(int(names[b"content-length"]))
    return f"{head.split()[1].decode()}{' close' if b'connection' in names else ''}"


async def ended(reader: asyncio.StreamReader) -> bool:
    """The service closed the connection, in due time."""
    async with asyncio.timeout(10):
        return await reader.read() == b""


async def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@asynccontextmanager
async def served(**given: Any) -> AsyncIterator[Served]:
    settings, app = Settings(**given), App()
    config = uvicorn.Config(
        app,
        port=0,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=settings.stop_seconds,
        **protocols(settings),
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    service = Served(app, server, server.servers[0].sockets[0].getsockname()[1])
    try:
        yield service
    finally:
        app.gate.set()
        service.leave()
        server.should_exit = True
        await task


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: registry\r\n", b"\r\n"]
)
async def test_a_head_is_not_waited_for_for_ever(said: bytes) -> None:
    async with served(head_seconds=0.2) as service:
        reader, writer = await service.connect()
        writer.write(said)
        assert await status(reader) in {"", "408 close"}
        assert await ended(reader)
        assert service.app.asked == 0


@pytest.mark.parametrize("said", [b"G", b"\r\n", b"GET / HTTP/1.1\r\nA: b"])
async def test_nor_the_head_that_comes_after_another(said: bytes) -> None:
    async with served(head_seconds=0.2) as service:
        reader, writer = await service.connect()
        writer.write(GET)
        assert await status(reader) == "200"
        writer.write(said)
        assert await status(reader) == "408 close"
        assert await ended(reader)


async def test_a_head_that_drips_is_closed_all_the_same() -> None:
    async with served(head_seconds=0.3) as service:
        reader, writer = await service.connect()
        writer.write(b"GET / HTTP/1.1\r\n")

        async def drip() -> None:
            while not writer.is_closing():
                writer.write(b"A: b\r\n")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        assert await status(reader) == "408 close"
        dripping.cancel()


async def test_a_head_is_bounded() -> None:
    async with served() as service:
        reader, writer = await service.connect()
        writer.write(b"GET / HTTP/1.1\r\nA: ")
        for _ in range(8):
            writer.write(b"b" * 10_000)
            await asyncio.sleep(0)
        assert await status(reader) == "431 close"
        assert service.app.asked == 0


POST = b"POST / HTTP/1.1\r\nHost: registry\r\nContent-Length: %d\r\n\r\n"


async def test_a_body_that_drips_is_refused() -> None:
    async with served(body_seconds=0.2) as service:
        reader, writer = await service.connect()
        writer.write(POST % 1_000_000)
        writer.write(b"a")
        assert await status(reader) == "408 close"
        assert await ended(reader)
        assert service.app.asked == 1


async def test_a_body_that_comes_at_its_pace_is_read_whole() -> None:
    async with served(body_seconds=0.1) as service:
        reader, writer = await service.connect()
        writer.write(POST % 30_000)
        for _ in range(10):
            writer.write(b"a" * 3_000)
            await asyncio.sleep(0.05)
        assert await status(reader) == "200"


async def test_an_application_that_reads_late_is_not_the_client_s_fault() -> None:
    async with served(body_seconds=0.1, head_seconds=0.1) as service:
        service.app.gate.clear()
        reader, writer = await service.connect()
        writer.write(POST % 5)
        writer.write(b"abcde")
        await asyncio.sleep(0.5)
        service.app.gate.set()
        assert await status(reader) == "200"


async def test_an_address_holds_so_many_connections() -> None:
    async with served(http_connections_per_address=3) as service:
        held = [await service.connect() for _ in range(3)]
        reader, _ = await service.connect()
        assert await status(reader) == "429 close"
        assert await ended(reader)
        held[0][1].write(GET)
        assert await status(held[0][0]) == "200"
        held[0][1].close()
        await until(lambda: len(service.server.server_state.connections) == 2)
        assert await service.ask() == "200"


async def test_a_proxy_that_is_trusted_is_not_taken_for_one_client() -> None:
    given = {
        "http_connections_per_address": 2,
        "http_connections": 5,
        "trusted_proxies": "127.0.0.0/8",
    }
    async with served(**given) as service:
        held = [await service.connect() for _ in range(5)]
        for reader, writer in held:
            writer.write(GET)
            assert await status(reader) == "200"
        reader, _ = await service.connect()
        assert await status(reader) == "503 close"


async def test_what_is_no_http_is_told_in_french() -> None:
    async with served() as service:
        reader, writer = await service.connect()
        writer.write(b"\x16\x03\x01 \r\n\r\n")
        said = (await reader.read()).decode()
        assert said.startswith("HTTP/1.1 400 ")
        assert said.endswith("Cette requête HTTP est mal formée.\n")


class Packets(asyncio.Transport):
    """Notes what is sent at once."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.sent.append(b"closed")


@pytest.mark.parametrize(
    ("said", "packets"),
    [
        ([b"head", b"body"], [b"headbody"]),
        ([b"head"], [b"head", b"closed"]),
        ([b"head", b"a", b"b"], [b"heada", b"b"]),
    ],
)
async def test_an_answer_leaves_in_one_packet(said: list[bytes], packets: list[bytes]) -> None:
    transport = Packets()
    answer = JoinedWrites(transport, asyncio.get_running_loop())
    for part in said:
        answer.write(part)
    if len(said) == 1:
        answer.close()
    await asyncio.sleep(0)
    assert transport.sent == packets


async def test_the_head_of_a_long_answer_does_not_wait_for_its_body() -> None:
    async with served() as service:
        service.app.gate.clear()
        reader, writer = await service.connect()
        writer.write(GET.replace(b" / ", b" /begun "))
        async with asyncio.timeout(10):
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            service.app.gate.set()
            assert b"the end" in await reader.readuntil(b"0\r\n\r\n")


async def test_a_service_that_stops_answers_each_kept_connection_once_more() -> None:
    async with served() as service:
        held = [await service.connect() for _ in range(20)]
        for reader, writer in held:
            writer.write(GET)
            assert await status(reader) == "200"
        service.server.should_exit = True
        await asyncio.sleep(0.3)
        for reader, writer in held:
            writer.write(GET)
            assert await status(reader) == "200 close"
            assert await ended(reader)


async def test_a_service_that_stops_does_not_wait_for_who_drips() -> None:
    async with served(stop_seconds=1) as service:
        _, writer = await service.connect()
        writer.write(POST % 1_000_000)
        await until(lambda: service.app.asked == 1)
        service.server.should_exit = True
        await until(lambda: not service.server.server_state.tasks)
