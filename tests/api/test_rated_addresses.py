"""Whatever an address asks for, it is counted: no door is left open beside the others."""

from itertools import count

import httpx2
import pytest
from starlette.routing import Route
from starlette.types import ASGIApp

from registry import app as root
from registry.app import create_app
from registry.auth.rates import Rates
from registry.database import Database
from registry.settings import Settings
from registry.web.look import Look
from registry.web.visits import Door
from tests.test_envelope import PARAMETER

UNCOUNTED = {"/livez"}
"""Whether the process lives, which its keeper asks as often as it likes."""
MORE = [
    ("GET", "/static/page.css"),
    ("GET", "/static/nothing.css"),
    ("GET", "/nothing"),
    ("GET", "/robots.txt"),
    ("POST", "/nothing"),
    ("DELETE", "/readyz"),
    ("POST", "/readyz"),
    ("PUT", "/bulk/nothing"),
    ("GET", "/evidence/" + "0" * 64),
    ("PUT", "/evidence"),
    ("POST", "/editeurs"),
    ("OPTIONS", "/graphql"),
    ("GET", "/graphql/"),
    ("GET", "/%00"),
]


def asked(database: Database) -> list[tuple[str, str]]:
    door = Door(database, Settings(), None, Rates(0, 0), Look(), trial="code")
    return [
        (method, PARAMETER.sub("1", route.path))
        for route in root._routes(door)
        if isinstance(route, Route) and route.path not in UNCOUNTED
        for method in (route.methods or {"POST"}) - {"HEAD"}
    ] + MORE


@pytest.fixture
def app(database: Database) -> ASGIApp:
    settings = Settings(requests_per_minute=2, points_per_minute=0)
    return create_app(database, settings, trial="code")


async def test_the_third_request_of_a_minute_is_refused_at_every_address(
    app: ASGIApp, database: Database
) -> None:
    faults, hosts = [], count(1)
    for method, path in asked(database):
        address = f"2001:db8:{next(hosts):x}::1", 5000
        transport = httpx2.ASGITransport(app, client=address)
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            for accepted in ("text/html", "application/json", "text/html"):
                reply = await client.request(method, path, headers={"accept": accepted})
                known = reply.status_code
            if known != 429 or int(reply.headers["retry-after"]) < 1:
                faults.append(f"{method} {path}: {known}")
    assert faults == []


async def test_whether_the_process_lives_is_never_refused(app: ASGIApp) -> None:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        assert {(await client.get("/livez")).status_code for _ in range(5)} == {200}
