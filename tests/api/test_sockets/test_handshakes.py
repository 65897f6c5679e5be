"""Who may open a socket; everyone else has a status of HTTP."""

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from registry.api import sockets
from registry.app import create_app
from registry.database import Database
from registry.logs import Bugs
from registry.settings import Settings
from tests.api.test_sockets.talking import (
    ACK,
    INIT,
    PROTOCOL,
    acknowledged,
    answers,
    closed,
    heard,
    opened,
    tell,
)
from tests.servers import listening


async def denied(address: str, **options: Any) -> tuple[int, str]:
    """The status and the code of what is refused before the handshake."""
    with pytest.raises(InvalidStatus) as refusal:
        await opened(address, **options)
    response = refusal.value.response
    assert response.headers["x-content-type-options"] == "nosniff"
    assert len(response.headers["x-request-id"]) == 32
    (error,) = json.loads(response.body)["errors"]
    return response.status_code, error["extensions"]["code"]


async def test_a_process_holds_so_many_sockets(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MAX_SOCKETS", 2)
    async with acknowledged(address), acknowledged(address):
        assert await denied(address) == (503, "LIMIT_EXCEEDED")
    assert await answers(address)


async def test_an_address_holds_so_many_sockets(shared_database: Database) -> None:
    settings = Settings(sockets_per_address=2, trusted_proxies="127.0.0.1")
    async with listening(create_app(shared_database, settings), settings) as url:
        address = url.replace("http", "ws", 1) + "/graphql"
        own, other = ({"X-Forwarded-For": each} for each in ("192.0.2.1", "192.0.2.2"))
        async with acknowledged(address, additional_headers=own) as socket:
            async with acknowledged(address, additional_headers=own):
                assert await denied(address, additional_headers=own) == (429, "LIMIT_EXCEEDED")
                async with acknowledged(address, additional_headers=other):
                    pass
            async with asyncio.timeout(5), await freed(address, own):
                await tell(socket, {"type": "ping"})
                assert (await heard(socket))["type"] == "pong"


async def freed(address: str, headers: dict[str, str]) -> Any:
    """A socket in the place of one that was closed, which the service learns of in a moment."""
    while True:
        try:
            return await opened(address, additional_headers=headers)
        except InvalidStatus:
            await asyncio.sleep(0.01)


def own(address: str) -> str:
    return address.split("/")[2]


@pytest.mark.parametrize("origin", [None, "http://{own}", "https://{own}", "HTTP://{own}"])
async def test_its_own_pages_and_programs_are_let_in(address: str, origin: str | None) -> None:
    header = origin and origin.format(own=own(address))
    async with opened(address, origin=header) as socket:
        await tell(socket, INIT)
        assert await heard(socket) == ACK


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.org",
        "null",
        "",
        "http://127.0.0.1",
        "http://{own}.example.org",
        "http://{own}@example.org",
        "chrome-extension://{own}",
        "{own}",
        "http://{own}/",
    ],
)
async def test_pages_of_other_sites_are_refused(address: str, origin: str) -> None:
    headers = {"Origin": origin.format(own=own(address))}
    assert await denied(address, additional_headers=headers) == (403, "CROSS_ORIGIN")


async def test_two_origins_are_refused(address: str) -> None:
    origin = f"http://{own(address)}"
    with pytest.raises(InvalidStatus) as refusal:
        await opened(address, additional_headers=[("Origin", origin), ("Origin", origin)])
    assert refusal.value.response.status_code == 400


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"], ["soap", "Graphql-Transport-Ws"]])
async def test_no_other_sub_protocol_is_spoken(address: str, protocols: Any) -> None:
    refusal = await denied(address, subprotocols=protocols)
    assert refusal == (400, "SUBPROTOCOL_NOT_SUPPORTED")


async def test_the_sub_protocol_may_be_one_of_several(address: str) -> None:
    async with opened(address, subprotocols=["graphql-ws", PROTOCOL]) as socket:
        assert socket.subprotocol == PROTOCOL


@pytest.mark.parametrize("path", ["/", "/livez", "/graphql/", "/graphiql", "/nothing"])
async def test_no_socket_is_elsewhere(address: str, path: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await opened(address.removesuffix("/graphql") + path)
    response = refusal.value.response
    assert response.status_code == 404
    assert response.body.decode() == "Rien ne se trouve à cette adresse.\n"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_line_of_a_socket_tells_how_it_was_closed(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "registry.envelope"):
        async with acknowledged(address) as socket:
            await socket.send("confidentiel")
            await closed(socket)
        await denied(address, origin="https://example.org")
    lines = [record for record in caplog.records if Bugs().filter(record)]
    statuses = [record.__dict__["fields"]["status"] for record in lines]
    assert statuses == [4400, 403]
    assert "confidentiel" not in caplog.text
