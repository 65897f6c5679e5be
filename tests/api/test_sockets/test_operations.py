"""Queries asked on a socket: answered, refused, stopped."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from registry.api import door
from registry.app import create_app
from registry.database import Database, connected
from registry.domain import campaigns
from registry.settings import Settings
from tests.api.test_sockets.conftest import Pace
from tests.api.test_sockets.talking import (
    DATA,
    INIT,
    PROTOCOL,
    QUERY,
    acknowledged,
    ask,
    closed,
    heard,
    opened,
    refused,
    tell,
)
from tests.servers import listening


async def test_a_query_is_answered_once(address: str) -> None:
    async with acknowledged(address) as socket:
        await ask(socket, "a", QUERY)
        payload = {"data": DATA, "extensions": {"cost": 1}}
        assert await heard(socket) == {"type": "next", "id": "a", "payload": payload}
        assert await heard(socket) == {"type": "complete", "id": "a"}
        assert socket.subprotocol == PROTOCOL


async def test_variables_and_the_name_of_the_operation(address: str) -> None:
    query = "query A { campaign { name } } query B($s: String!) { vendor(siren: $s) { name } }"
    async with acknowledged(address) as socket:
        await ask(socket, "a", query, operationName="B", variables={"s": "356000000"})
        assert (await heard(socket))["payload"]["data"] == {"vendor": None}
        await heard(socket)
        await ask(socket, "a", query)
        assert (await refused(socket, "a"))["code"] == "OPERATION_NAME_REQUIRED"
        await ask(socket, "a", query, operationName="C")
        assert (await refused(socket, "a"))["code"] == "UNKNOWN_OPERATION"


async def test_operations_do_not_wait_for_each_other(address: str, slow: Pace) -> None:
    async with acknowledged(address) as socket:
        await ask(socket, "slow", QUERY)
        await ask(socket, "quick", "{ __typename }")
        assert [(await heard(socket))["id"] for _ in range(2)] == ["quick", "quick"]
        slow.go.set()
        assert (await heard(socket))["payload"]["data"] == DATA


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { __typename }", "METHOD_NOT_ALLOWED"),
        ("subscription { campaign { name } }", "SUBSCRIPTION_NOT_SUPPORTED"),
        ("fragment F on Query { node }", "UNKNOWN_OPERATION"),
        ("{ " + "a " * 3000 + "}", "LIMIT_EXCEEDED"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(31)) + " }", "LIMIT_EXCEEDED"),
    ],
)
async def test_a_refused_operation_leaves_the_socket(address: str, query: str, code: str) -> None:
    async with acknowledged(address) as socket:
        await ask(socket, "a", query)
        message = await heard(socket)
        assert (message["type"], message["id"]) == ("error", "a")
        assert {error["extensions"]["code"] for error in message["payload"]} == {code}
        await ask(socket, "a", QUERY)
        assert (await heard(socket))["payload"]["data"] == DATA


async def test_a_refused_field_leaves_the_others(address: str) -> None:
    async with acknowledged(address) as socket:
        await ask(socket, "a", '{ campaign { charterVersion } vendor(siren: "1") { name } }')
        message = await heard(socket)
        (error,) = message["payload"]["errors"]
        assert message["type"] == "next"
        assert message["payload"]["data"] == {**DATA, "vendor": None}
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "siren"}


async def test_a_bug_tells_its_number_and_nothing_else(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(campaigns, "current", broken)
    with caplog.at_level(logging.ERROR):
        async with acknowledged(address) as socket:
            await ask(socket, "a", QUERY)
            message = await heard(socket)
            number = socket.response.headers["x-request-id"] if socket.response else ""
    (error,) = message["payload"]["errors"]
    assert "secret" not in json.dumps(message)
    assert error["extensions"] == {"code": "INTERNAL", "requestId": f"{number}-1"}
    assert f"{number}-1" in caplog.text


async def test_an_operation_has_a_deadline(
    address: str, slow: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "DEADLINE", 0.05)
    async with acknowledged(address) as socket:
        await ask(socket, "a", QUERY)
        assert (await refused(socket, "a"))["code"] == "TIMEOUT"


async def test_a_database_away_is_told(tmp_path: Path) -> None:
    async with (
        connected(f"postgresql:///none?host={tmp_path}") as database,
        listening(create_app(database, Settings())) as url,
        acknowledged(url.replace("http", "ws", 1) + "/graphql") as socket,
    ):
        await ask(socket, "a", QUERY)
        assert (await refused(socket, "a"))["code"] == "UNAVAILABLE"


async def test_what_is_no_longer_wanted_stops(address: str, slow: Pace) -> None:
    async with acknowledged(address) as socket:
        await ask(socket, "a", QUERY)
        await slow.asked.wait()
        await tell(socket, {"type": "complete", "id": "a"})
        await tell(socket, {"type": "complete", "id": "unknown"})
        await ask(socket, "a", "{ __typename }")
        assert (await heard(socket))["payload"]["data"] == {"__typename": "Query"}
        assert await heard(socket) == {"type": "complete", "id": "a"}
        slow.go.set()
        await tell(socket, {"type": "ping"})
        assert await heard(socket) == {"type": "pong"}


async def test_20_operations_run_at_once(address: str, slow: Pace) -> None:
    async with acknowledged(address) as socket:
        for number in range(21):
            await ask(socket, str(number), QUERY)
        extensions = await refused(socket, "20")
        assert extensions == {
            "code": "LIMIT_EXCEEDED",
            "limit": "operations",
            "counted": 21,
            "allowed": 20,
        }
        slow.go.set()
        done = [await heard(socket) for _ in range(40)]
        assert {message["id"] for message in done} == {str(number) for number in range(20)}
        await ask(socket, "20", QUERY)
        assert (await heard(socket))["payload"]["data"] == DATA


async def test_a_client_who_vanishes_stops_its_operations(
    address: str, slow: Pace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "registry.envelope"):
        async with acknowledged(address) as socket:
            await ask(socket, "a", QUERY)
            await ask(socket, "b", "{ __typename }")
            await heard(socket)
            await slow.asked.wait()
            socket.transport.abort()
        for _ in range(500):
            await asyncio.sleep(0.01 if len(caplog.records) < 3 else 0)
    lines = [record.__dict__["fields"] for record in caplog.records]
    told = [(line["method"], line["operation"], line["status"]) for line in lines]
    assert told == [
        ("WebSocket", "query", 200),
        ("WebSocket", "query", 499),
        ("WebSocket", "socket", 101),
    ]
    number = lines[2]["requestId"]
    assert [line["requestId"] for line in lines] == [f"{number}-2", f"{number}-1", number]


async def test_the_service_leaves_politely(
    shared_database: Database, slow: Pace, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(create_app(shared_database, Settings())) as url:
        socket = await opened(url.replace("http", "ws", 1) + "/graphql")
        await tell(socket, INIT)
        await heard(socket)
        await ask(socket, "a", QUERY)
        await slow.asked.wait()
    assert (await closed(socket))[0] == 1012
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
