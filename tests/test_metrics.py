"""Counts by operation and status, on a port of their own."""

import asyncio
from contextlib import AsyncExitStack

import httpx2
import pytest

from registry.app import create_app
from registry.database import Database
from registry.envelope import Envelope
from registry.metrics import Metrics, served
from registry.settings import Settings
from tests.servers import free_port


async def test_requests_are_counted_by_operation_and_status(database: Database) -> None:
    app = create_app(database, Settings())
    assert isinstance(app, Envelope)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        for _ in range(3):
            await client.post("/graphql", json={"query": "{ campaign { name } }"})
        await client.get("/graphql", params={"query": "mutation { __typename }"})
        await client.post("/graphql", json={})
        await client.get("/livez")
    async with (
        served(app.metrics, "127.0.0.1", free_port()) as port,
        httpx2.AsyncClient() as client,
    ):
        reply = await client.get(f"http://127.0.0.1:{port}/metrics")
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 404
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    series = dict(line.rsplit(" ", 1) for line in reply.text.splitlines() if line[0] != "#")
    counts = {name: count for name, count in series.items() if "_count" in name}
    assert counts == {
        'raccord_request_seconds_count{operation="none",status="200"}': "1",
        'raccord_request_seconds_count{operation="query",status="200"}': "3",
        'raccord_request_seconds_count{operation="none",status="400"}': "1",
        'raccord_request_seconds_count{operation="unknown",status="405"}': "1",
    }
    assert all(float(value) > 0 for value in series.values())


async def test_each_process_takes_the_next_free_port() -> None:
    first = free_port()
    async with AsyncExitStack() as stack:
        ports = [
            await stack.enter_async_context(served(Metrics(), "127.0.0.1", first)) for _ in range(3)
        ]
    assert ports[0] == first
    assert len(set(ports)) == 3


async def test_without_a_port_nothing_listens() -> None:
    async with served(Metrics(), "127.0.0.1", None) as port:
        assert port is None


@pytest.mark.parametrize("sent", [b"", b"GET", b"\r\n\r\n", b"a" * 100_000, b"\xff\r\n\r\n"])
async def test_noise_does_not_stop_it(sent: bytes) -> None:
    async with served(Metrics(), "127.0.0.1", free_port()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        writer.write_eof()
        try:
            await reader.read()
        except ConnectionResetError:
            assert len(sent) > 10_000
        writer.close()
        async with httpx2.AsyncClient() as client:
            reply = await client.get(f"http://127.0.0.1:{port}/metrics")
            assert reply.status_code == 200
