"""Behind a pooler that leaves a connection's parameters out, nothing is served without the wall."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx2
import pytest

from registry.app import create_app
from registry.database import connected
from registry.embedded import Addresses
from registry.settings import Settings

SSL_REQUEST = 80877103
QUERY = {"query": "{ campaign { name } }"}
OPEN = """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pooled') THEN
            CREATE ROLE pooled LOGIN IN ROLE raccord_app;
        END IF;
    END $$
"""


async def _startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The client's first message, with who it is and its database, and nothing else it asks."""
    while True:
        (size,) = struct.unpack("!I", await reader.readexactly(4))
        body = await reader.readexactly(size - 4)
        (code,) = struct.unpack("!I", body[:4])
        if code != SSL_REQUEST:
            break
        writer.write(b"N")
    words = body[4:].rstrip(b"\0").split(b"\0")
    said = dict(zip(words[::2], words[1::2], strict=True))
    kept = b"".join(name + b"\0" + said[name] + b"\0" for name in (b"user", b"database"))
    message = body[:4] + kept + b"\0"
    return struct.pack("!I", len(message) + 4) + message


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def pooler(superuser: str) -> AsyncIterator[str]:
    """The address of a relay that tells the server no parameter."""
    place = urlsplit(superuser)
    folder = parse_qs(place.query).get("host", [None])[0]

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await _startup(reader, writer)
        if folder is None:
            back, forth = await asyncio.open_connection(place.hostname, place.port)
        else:
            back, forth = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        forth.write(first)
        await asyncio.gather(_copy(reader, forth), _copy(back, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"postgresql://pooled@127.0.0.1:{port}/raccord"
    finally:
        server.close()


@pytest.fixture
async def administrator(
    addresses: Addresses,
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(addresses.superuser)
    await connection.execute(OPEN)
    yield connection
    await connection.execute("ALTER ROLE pooled RESET ALL")
    await connection.close()


@pytest.mark.usefixtures("world")
async def test_the_service_serves_through_a_pooler_whose_login_acts_as_it_must(
    addresses: Addresses, administrator: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with pooler(addresses.superuser) as url:
        for setting, status in ((None, 503), ("row_security = off", 503), ("", 200)):
            await administrator.execute("ALTER ROLE pooled RESET ALL")
            if setting is not None:
                await administrator.execute("ALTER ROLE pooled SET role = 'raccord_app'")
            if setting:
                await administrator.execute(f"ALTER ROLE pooled SET {setting}")
            async with connected(url) as database:
                transport = httpx2.ASGITransport(create_app(database, Settings()))
                async with httpx2.AsyncClient(
                    transport=transport, base_url="http://registry"
                ) as client:
                    asked = await client.post("/graphql", json=QUERY)
                    page = await client.get("/collectivites")
                    ready = await client.get("/readyz")
            replies = [asked, page, ready]
            assert [reply.status_code for reply in replies] == [status] * 3, setting
            told = ["raccord_app" in reply.text for reply in replies]
            assert all(told) == (status == 503) == any(told)
