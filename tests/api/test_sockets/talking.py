"""What a client says on a socket, and what it hears."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PROTOCOL = "graphql-transport-ws"
QUERY = "{ campaign { charterVersion } }"
DATA = {"campaign": {"charterVersion": "2022-03-07"}}
INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}


def opened(address: str, **options: Any) -> connect:
    return connect(
        address, **({"subprotocols": [PROTOCOL], "proxy": None, "compression": None} | options)
    )


@asynccontextmanager
async def acknowledged(address: str, **options: Any) -> AsyncIterator[ClientConnection]:
    async with opened(address, **options) as socket:
        await tell(socket, INIT)
        assert await heard(socket) == ACK
        yield socket


async def tell(socket: ClientConnection, message: object) -> None:
    await socket.send(json.dumps(message))


async def ask(socket: ClientConnection, name: str, query: str, **members: Any) -> None:
    payload = {"query": query, **members}
    await tell(socket, {"type": "subscribe", "id": name, "payload": payload})


async def heard(socket: ClientConnection) -> Any:
    async with asyncio.timeout(5):
        return json.loads(await socket.recv())


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """Whatever was said before it."""
    async with asyncio.timeout(5):
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


async def refused(socket: ClientConnection, name: str) -> dict[str, Any]:
    """The extensions of the only error of an operation that was not executed."""
    message = await heard(socket)
    assert (message["type"], message["id"]) == ("error", name)
    (error,) = message["payload"]
    assert error["message"]
    extensions: dict[str, Any] = error["extensions"]
    return extensions


async def answers(address: str) -> bool:
    async with acknowledged(address) as socket:
        await ask(socket, "1", QUERY)
        return bool((await heard(socket))["payload"]["data"] == DATA)
