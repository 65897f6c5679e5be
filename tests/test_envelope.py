"""What surrounds every answer: headers, a number, a line in the log; never a trace."""

import json
import logging
import re

import httpx2
import pytest
from starlette.routing import Route

from registry import app as root
from registry.app import create_app
from registry.auth.rates import Rates
from registry.database import Database
from registry.logs import JsonLines
from registry.settings import Settings
from registry.web.look import Look
from registry.web.visits import Door

ROUTES = {
    "/": 200,
    "/graphql?query={__typename}": 200,
    "/graphql": 400,
    "/graphiql": 200,
    "/graphiql/page.js": 200,
    "/graphiql/page.css": 200,
    "/bulk/a": 400,
    "/bulk/a/faulty.csv": 400,
    "/evidence": 405,
    "/evidence/a": 404,
    "/connexion": 404,
    "/connexion/retour": 404,
    "/connexion/essai": 404,
    "/deconnexion": 200,
    "/compte": 200,
    "/static/page.css": 200,
    "/livez": 200,
    "/readyz": 200,
    "/nothing": 404,
    "/graphql/": 404,
    "/metrics": 404,
}
PARAMETER = re.compile(r"{[^}]+}")
SECRET = "confidentiel"


def client_of(database: Database, settings: Settings) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(create_app(database, settings), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://registry")


@pytest.mark.parametrize(("path", "status"), ROUTES.items())
async def test_every_answer_is_protected(database: Database, path: str, status: int) -> None:
    async with client_of(database, Settings()) as client:
        reply = await client.get(path)
    assert reply.status_code == status
    check_protected(reply)
    assert "strict-transport-security" not in reply.headers


def check_protected(reply: httpx2.Response) -> None:
    policy = {
        name: values.split()
        for name, _, values in (
            directive.strip().partition(" ")
            for directive in reply.headers["content-security-policy"].split(";")
        )
    }
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "same-origin"
    assert reply.headers["x-frame-options"] == "DENY"
    assert len(reply.headers["x-request-id"]) == 32


async def test_no_route_is_left_out(database: Database) -> None:
    routes = root._routes(Door(database, Settings(), None, Rates(0, 0), Look(), trial="code"))
    paths = {PARAMETER.sub("1", route.path) for route in routes if isinstance(route, Route)}
    assert {"/", "/graphql", "/collectivites/1", "/espace/ministere/journal"} <= paths
    async with client_of(database, Settings()) as client:
        for path in sorted(paths):
            reply = await client.get(path)
            assert reply.status_code < 500, path
            check_protected(reply)


async def test_each_answer_has_its_own_number(database: Database) -> None:
    async with client_of(database, Settings()) as client:
        numbers = {
            (await client.get("/livez", headers={"x-request-id": "a"})).headers["x-request-id"]
            for _ in range(3)
        }
    assert len(numbers) == 3
    assert "a" not in numbers


async def test_https_alone_is_told_where_it_is_set(database: Database) -> None:
    async with client_of(database, Settings(https=True)) as client:
        for path in ("/livez", "/nothing"):
            said = (await client.get(path)).headers["strict-transport-security"]
            assert said.startswith("max-age=31536000")


async def test_another_method_and_a_bug_are_told_in_french(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    async with client_of(database, Settings()) as client:
        reply = await client.post("/livez")
        assert (reply.status_code, set(reply.headers["allow"].split(", "))) == (
            405,
            {"GET", "HEAD"},
        )
        assert reply.text == "Cette méthode n’est pas admise ici.\n"
        check_protected(reply)
        monkeypatch.setattr(Database, "read", broken)
        reply = await client.get("/readyz")
    assert reply.status_code == 500
    assert reply.text == (
        f"Erreur interne ; la signaler avec le numéro {reply.headers['x-request-id']}.\n"
    )
    check_protected(reply)


async def test_a_line_of_the_log_tells_the_request_and_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query ($t: String!) { search(text: $t) { __typename } }"
    with caplog.at_level(logging.INFO, "registry"):
        async with client_of(database, Settings()) as client:
            body = {"query": query, "variables": {"t": SECRET}}
            reply = await client.post("/graphql?" + SECRET, json=body)
            await client.get(
                "/graphql", params={"query": f'{{ search(text: "{SECRET}") {{ id }} }}'}
            )
    assert reply.status_code == 200
    lines = [JsonLines().format(record) for record in caplog.records]
    line = json.loads(lines[0])
    assert line.pop("time").endswith("+00:00")
    assert line.pop("milliseconds") > 0
    assert line == {
        "level": "INFO",
        "logger": "registry.envelope",
        "message": "request",
        "requestId": reply.headers["x-request-id"],
        "method": "POST",
        "path": "/graphql",
        "operation": "query",
        "status": 200,
    }
    assert len(lines) == 2
    assert SECRET not in "".join(lines)
    assert "127.0.0.1" not in "".join(lines)


def test_an_exception_is_one_line_of_the_log() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError as error:
        fault = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("registry", logging.ERROR, "", 0, "Échec %s", ("é\n",), fault)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "Échec é\n"
    assert "ValueError: a\nb" in json.loads(line)["exception"]
