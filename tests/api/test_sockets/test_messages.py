"""What closes a socket, and with which code."""

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from registry.api import sockets
from tests.api.test_sockets.conftest import Pace
from tests.api.test_sockets.talking import (
    ACK,
    INIT,
    QUERY,
    acknowledged,
    answers,
    ask,
    closed,
    heard,
    opened,
    tell,
)


def subscribe(payload: object, name: object = "a") -> dict[str, object]:
    return {"type": "subscribe", "id": name, "payload": payload}


@pytest.mark.parametrize(
    "frame",
    [
        "5",
        "[]",
        "null",
        '"ping"',
        "",
        "{",
        "NaN",
        "9" * 5000,
        "[" * 9999,
        '{"type":' + '{"a":' * 70 + "1" + "}" * 71,
        "{}",
        {"type": 5},
        {"type": None},
        {"type": ["ping"]},
        {"type": {}},
        {"type": "unknown"},
        {"type": "start", "id": "a", "payload": {"query": QUERY}},
        {"type": "connection_ack"},
        {"type": "next", "id": "a", "payload": {}},
        {"type": "error", "id": "a", "payload": []},
        {"type": "ping", "payload": 5},
        {"type": "pong", "payload": []},
        {"type": "connection_init", "payload": "token"},
        {"type": "complete"},
        {"type": "complete", "id": [1]},
        {"type": "subscribe", "payload": {"query": QUERY}},
        {"type": "subscribe", "id": "a"},
        subscribe(None),
        subscribe([]),
        subscribe(5),
        subscribe({}),
        subscribe({"query": QUERY}, [1]),
        subscribe({"query": QUERY}, 1),
        subscribe({"query": QUERY}, None),
        subscribe({"query": QUERY}, ""),
        subscribe({"query": 5}),
        subscribe({"query": None}),
        subscribe({"query": ""}),
        subscribe({"query": QUERY, "variables": []}),
        subscribe({"query": QUERY, "operationName": 5}),
        subscribe({"query": QUERY, "extensions": "a"}),
        b"5",
        json.dumps(subscribe({"query": QUERY})).encode(),
        "\ud800".encode("utf-8", "surrogatepass"),
        '{"type": "ping", "payload": {"a": "\\ud800"}}',
    ],
)
async def test_an_invalid_message_closes_with_4400(address: str, frame: Any) -> None:
    async with acknowledged(address) as socket:
        await socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)
        code, reason = await closed(socket)
    assert code == 4400
    assert reason.endswith(".") or "…" in reason
    assert await answers(address)


@pytest.mark.parametrize("frame", ["5", "[]", '{"type": 5}', b"5"])
async def test_an_invalid_message_comes_first(address: str, frame: Any) -> None:
    async with opened(address) as socket:
        await socket.send(frame)
        assert (await closed(socket))[0] == 4400


@pytest.mark.parametrize("payload", [None, {}, {"token": "x"}])
async def test_the_protocol_lets_a_first_payload_be_null(address: str, payload: object) -> None:
    async with opened(address) as socket:
        await tell(socket, INIT | {"payload": payload})
        assert await heard(socket) == ACK


async def test_text_that_is_not_utf8_closes(address: str) -> None:
    async with acknowledged(address) as socket:
        await socket.send(b"\xff\xfe", text=True)
        assert (await closed(socket))[0] == 1007
    assert await answers(address)


async def test_an_operation_needs_a_connection_first(address: str) -> None:
    async with opened(address) as socket:
        await ask(socket, "a", QUERY)
        assert (await closed(socket))[0] == 4401


async def test_a_connection_is_asked_for_once(address: str) -> None:
    async with acknowledged(address) as socket:
        await tell(socket, INIT)
        assert (await closed(socket))[0] == 4429


async def test_two_operations_do_not_share_a_name(address: str, slow: Pace) -> None:
    name = "é" * 200
    async with acknowledged(address) as socket:
        await ask(socket, name, QUERY)
        await slow.asked.wait()
        await ask(socket, name, QUERY)
        code, reason = await closed(socket)
    assert code == 4409
    assert reason.endswith("é")


async def test_pings_are_answered(address: str) -> None:
    async with opened(address) as socket:
        await tell(socket, {"type": "ping", "payload": {"n": 1}})
        assert await heard(socket) == {"type": "pong", "payload": {"n": 1}}
        await tell(socket, {"type": "pong"})
        await tell(socket, INIT)
        assert await heard(socket) == ACK


@pytest.mark.parametrize("pings", [0, 100])
async def test_a_connection_is_asked_for_in_time(
    address: str, monkeypatch: pytest.MonkeyPatch, pings: int
) -> None:
    monkeypatch.setattr(sockets, "PATIENCE", 0.1)
    async with opened(address) as socket:
        try:
            for _ in range(pings):
                await tell(socket, {"type": "ping"})
                await asyncio.sleep(0.01)
        except ConnectionClosed:
            assert pings
        assert (await closed(socket))[0] == 4408


async def test_a_socket_where_nothing_is_said_closes(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "IDLE", 0.1)
    async with acknowledged(address) as socket:
        for _ in range(3):
            await asyncio.sleep(0.05)
            await tell(socket, {"type": "pong"})
        assert (await closed(socket))[0] == 1001


@pytest.mark.parametrize("pieces", [1, 4])
async def test_a_message_is_at_most_128_kb(address: str, pieces: int) -> None:
    def sent(size: int) -> Any:
        text = json.dumps({"type": "ping"}).ljust(size)
        cut = size // pieces + 1
        parts = [text[start : start + cut] for start in range(0, size, cut)]
        return parts if pieces > 1 else text

    async with acknowledged(address) as socket:
        await socket.send(sent(128_000))
        assert await heard(socket) == {"type": "pong"}
        await socket.send(sent(128_001))
        reason = "Octets du message : 128001, 128000 au plus."
        assert await closed(socket) == (1009, reason)


async def test_the_server_does_not_keep_a_huge_message(address: str) -> None:
    async with acknowledged(address) as socket:
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.send(["a" * 100_000 for _ in range(11)])
    assert await answers(address)
