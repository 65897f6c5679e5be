"""How often an address may ask, and what it is told of it."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from registry.app import create_app
from registry.auth import rates
from registry.database import Database
from registry.domain import vendors
from registry.embedded import Addresses
from registry.settings import Settings
from tests.api.conftest import Ask
from tests.api.test_sockets import talking
from tests.servers import free_port, listening

QUERY = {"query": "{ campaign { name } }"}
ACCEPT = {"accept": "application/graphql-response+json"}
REMAINING = re.compile(r'"(requests|points)";r=(\d+);t=(\d+)')
POLICY = re.compile(r'"(requests|points)";q=(\d+);qu="\1";w=60')

Pass = Callable[[float], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Pass:
    """Time passes only when it is told to."""
    now = 1000.0

    def advance(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(rates, "monotonic", lambda: now)
    return advance


class Service:
    """The service, asked from any address."""

    def __init__(self, database: Database, requests: int = 0, points: int = 0) -> None:
        settings = Settings(requests_per_minute=requests, points_per_minute=points)
        self.app = create_app(database, settings)

    async def ask(self, address: str = "192.0.2.1", **body: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(self.app, client=(address, 5000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            return await client.post("/graphql", json=body or QUERY, headers=ACCEPT)


def remaining(reply: httpx2.Response) -> dict[str, int]:
    items = reply.headers["ratelimit"].split(", ")
    found = [match for item in items if (match := REMAINING.fullmatch(item))]
    assert len(found) == len(items)
    return {match[1]: int(match[2]) for match in found}


def check_refused(reply: httpx2.Response, limit: str, allowed: int, wait: int) -> None:
    assert (reply.status_code, reply.headers["retry-after"]) == (429, str(wait))
    assert "data" not in reply.json()
    (error,) = reply.json()["errors"]
    assert error["message"].endswith(f"{allowed} par minute au plus ; réessayer dans {wait} s.")
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "limit": limit,
        "allowed": allowed,
        "retryAfter": wait,
    }


async def test_requests_are_counted_and_come_back_one_by_one(
    database: Database, clock: Pass
) -> None:
    service = Service(database, requests=3)
    for left in (2, 1, 0):
        reply = await service.ask()
        assert (reply.status_code, remaining(reply)) == (200, {"requests": left})
    for _ in range(2):
        check_refused(await service.ask(), "requests", 3, 20)
    clock(19)
    check_refused(await service.ask(), "requests", 3, 1)
    clock(1)
    assert (await service.ask()).status_code == 200
    check_refused(await service.ask(), "requests", 3, 20)
    clock(3600)
    assert remaining(await service.ask()) == {"requests": 2}


@pytest.mark.usefixtures("clock")
async def test_a_faulty_request_is_a_request(database: Database) -> None:
    service = Service(database, requests=2)
    assert (await service.ask(query="{")).status_code == 400
    assert (await service.ask(query=1)).status_code == 400
    check_refused(await service.ask(), "requests", 2, 30)


async def test_points_are_what_queries_cost(
    database: Database, clock: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(database, points=100)
    costly = {"query": "{ vendors(first: 60) { edges { node { siren } } } }"}
    assert remaining(await service.ask(**costly)) == {"points": 100 - 61}
    with monkeypatch.context() as patched:
        patched.delattr(vendors, "listed")
        check_refused(await service.ask(**costly), "points", 100, 14)
    assert remaining(await service.ask()) == {"points": 100 - 61 - 1}
    clock(14)
    assert (await service.ask(**costly)).status_code == 200


async def test_what_costs_more_than_the_quota_takes_it_whole(
    database: Database, clock: Pass
) -> None:
    service = Service(database, points=10)
    costly = {"query": "{ vendors(first: 60) { edges { node { siren } } } }"}
    assert remaining(await service.ask(**costly)) == {"points": 0}
    check_refused(await service.ask(**costly), "points", 10, 60)
    clock(60)
    assert remaining(await service.ask(**costly)) == {"points": 0}


async def test_what_is_refused_for_its_cost_takes_no_point(database: Database) -> None:
    service = Service(database, points=1_000_000)
    query = (
        "{ vendors(first: 200) { edges { node { products(first: 200) { edges { cursor } } } } } }"
    )
    reply = await service.ask(query=query.replace("cursor", "node { vendor { siren } }"))
    assert reply.json()["errors"][0]["extensions"]["limit"] == "cost"
    assert remaining(reply) == {"points": 1_000_000}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("unix", "", True),
    ],
)
async def test_each_subscriber_has_their_own(
    database: Database, one: str, other: str, *, shared: bool
) -> None:
    service = Service(database, requests=1)
    assert (await service.ask(one)).status_code == 200
    assert (await service.ask(one)).status_code == 429
    assert (await service.ask(other)).status_code == (429 if shared else 200)


@pytest.mark.usefixtures("clock")
async def test_a_socket_asks_at_the_same_rates(database: Database) -> None:
    settings = Settings(requests_per_minute=3, points_per_minute=0)
    async with (
        listening(create_app(database, settings)) as url,
        talking.acknowledged(url.replace("http", "ws", 1) + "/graphql") as socket,
    ):
        for name in "ab":
            await talking.ask(socket, name, QUERY["query"])
            assert [(await talking.heard(socket))["type"] for _ in "12"] == ["next", "complete"]
        assert await statuses(url, ["", ""]) == [200, 429]
        await talking.ask(socket, "c", QUERY["query"])
        refused = await talking.refused(socket, "c")
    assert (refused["code"], refused["retryAfter"]) == ("RATE_LIMITED", 20)


async def test_memory_is_bounded_and_those_who_come_often_are_known(
    database: Database, clock: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "MAX_CALLERS", 10)
    known = rates.Rates(1, 0)
    known.of("192.0.2.1").ask()
    for number in range(1000):
        newcomer = f"2001:db8:{number:x}::1"
        known.of(newcomer).ask()
        assert known.of(newcomer).requests.remaining() == 0
        assert known.of("192.0.2.1").requests.remaining() == 0
        assert len(known.callers) <= 10


async def test_the_policy_is_told(database: Database) -> None:
    reply = await Service(database, requests=1200, points=120_000).ask(query="{")
    items = reply.headers["ratelimit-policy"].split(", ")
    policies = {match[1]: int(match[2]) for item in items if (match := POLICY.fullmatch(item))}
    assert policies == {"requests": 1200, "points": 120_000}
    assert remaining(reply) == {"requests": 1199, "points": 120_000}


async def test_without_limits_nothing_is_told(database: Database) -> None:
    service = Service(database)
    for _ in range(5):
        reply = await service.ask(query="{ rateLimit { limit cost remaining resetAt } }")
        assert "ratelimit" not in reply.headers
        assert "ratelimit-policy" not in reply.headers
    assert reply.json()["data"]["rateLimit"] == {
        "limit": None,
        "cost": 1,
        "remaining": None,
        "resetAt": None,
    }


@pytest.mark.usefixtures("clock")
async def test_callers_read_what_is_left_to_them(ask: Ask) -> None:
    allowed = Settings().points_per_minute
    await ask("Campaign")
    first = (await ask("RateLimit"))["rateLimit"]
    second = (await ask("RateLimit"))["rateLimit"]
    assert first["limit"] == allowed
    assert (first["cost"], second["cost"]) == (1, 1)
    assert second["remaining"] == first["remaining"] - 1 < allowed - 2
    left = datetime.fromisoformat(second["resetAt"]) - datetime.now(UTC)
    assert timedelta(0) <= left < timedelta(seconds=1)


def test_the_quotas_leave_room_for_a_reader_of_everything() -> None:
    settings = Settings()
    assert settings.requests_per_minute >= 600
    assert settings.points_per_minute >= 20 * 5_000


FORGED = [f"203.0.113.{number}" for number in range(3)]


async def statuses(url: str, said: list[str]) -> list[int]:
    async with httpx2.AsyncClient() as client:
        return [
            (
                await client.post(
                    f"{url}/graphql", json=QUERY, headers=ACCEPT | {"x-forwarded-for": address}
                )
            ).status_code
            for address in said
        ]


@pytest.mark.parametrize(
    ("proxies", "said", "expected"),
    [
        ("", FORGED, [200, 200, 429]),
        ("192.0.2.0/24", FORGED, [200, 200, 429]),
        ("127.0.0.1", FORGED, [200, 200, 200]),
        ("192.0.2.1, 127.0.0.0/8", FORGED, [200, 200, 200]),
        ("127.0.0.1", [f"{forged}, 203.0.113.9" for forged in FORGED], [200, 200, 429]),
        ("127.0.0.1", [f"{forged}, 203.0.113.9, 127.0.0.1" for forged in FORGED], [200, 200, 429]),
    ],
)
async def test_an_address_is_believed_from_a_named_proxy_alone(
    database: Database, proxies: str, said: list[str], expected: list[int]
) -> None:
    settings = Settings(requests_per_minute=2, trusted_proxies=proxies)
    async with listening(create_app(database, settings), settings) as url:
        assert await statuses(url, said) == expected


@pytest.mark.usefixtures("database")
async def test_the_command_serves_what_the_settings_say(addresses: Addresses) -> None:
    port = free_port()
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "registry", "serve", "--port", str(port)),
        env=os.environ
        | {
            "RACCORD_DATABASE_URL": addresses.service,
            "RACCORD_OWNER_DATABASE_URL": addresses.owner,
            "RACCORD_REQUESTS_PER_MINUTE": "2",
            "FORWARDED_ALLOW_IPS": "*",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await until_it_answers(service, port)
        assert await statuses(f"http://127.0.0.1:{port}", FORGED) == [200, 200, 429]
    finally:
        service.terminate()
        await service.communicate()


async def until_it_answers(service: asyncio.subprocess.Process, port: int) -> None:
    async with httpx2.AsyncClient() as client:
        for _ in range(600):
            assert service.returncode is None
            with suppress(httpx2.ConnectError):
                await client.get(f"http://127.0.0.1:{port}/livez")
                return
            await asyncio.sleep(0.1)
    pytest.fail("The service did not start in a minute.")


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "192.0.2.1/33", "192.0.2.1 192.0.2.2"])
def test_a_proxy_is_an_address_or_a_network(proxies: str) -> None:
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=proxies)
