"""GraphQL over HTTP: what is taken, what is refused, what a bug tells."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from registry.api import door, requests
from registry.app import create_app
from registry.database import Database
from registry.domain import campaigns
from registry.settings import Settings

QUERY = "{ campaign { charterVersion } }"
DATA = {"campaign": {"charterVersion": "2022-03-07"}}
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
SAID = {"content-type": JSON}


def refused(reply: httpx2.Response) -> tuple[int, str]:
    """The status and the code of a refusal, which says why and holds no data."""
    (error,) = reply.json()["errors"]
    assert error["message"]
    assert "data" not in reply.json()
    return reply.status_code, error["extensions"]["code"]


async def test_a_query_by_post_and_by_get(client: httpx2.AsyncClient) -> None:
    posted = await client.post("/graphql", json={"query": QUERY})
    got = await client.get("/graphql", params={"query": QUERY, "variables": "{}"})
    for reply in (posted, got):
        assert (reply.status_code, reply.json()["data"]) == (200, DATA)
        assert reply.headers["content-type"] == JSON


@pytest.mark.parametrize(
    ("accept", "served"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"*/*, {JSON};q=0.1", GRAPHQL),
        (f"{GRAPHQL};q=0, {JSON};q=0.1", JSON),
        (f"{GRAPHQL}, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        (f"{JSON}, text/event-stream", JSON),
        (f"text/event-stream;q=0.1, {JSON};q=0.1", JSON),
        (f"multipart/mixed;deferSpec=20220824, {JSON}", JSON),
        (f"text/event-stream, {JSON}", JSON),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", JSON),
        (f"{GRAPHQL};q=many, {JSON};q=0.1", JSON),
    ],
)
async def test_the_preferred_type_is_served(
    client: httpx2.AsyncClient, accept: str, served: str
) -> None:
    reply = await client.post("/graphql", json={"query": QUERY}, headers={"accept": accept})
    assert (reply.status_code, reply.headers["content-type"]) == (200, served)
    assert reply.json()["data"] == DATA


async def test_a_browser_is_served_no_page_here(client: httpx2.AsyncClient) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    reply = await client.get("/graphql", headers={"accept": accept})
    assert refused(reply) == (400, "BAD_REQUEST")
    assert reply.headers["content-type"] == JSON


@pytest.mark.parametrize(
    "accept", ["text/html", "text/event-stream", f"{JSON};q=0", "*/*;q=0", "a", ",", "a/b;q=inf"]
)
async def test_no_other_type_is_served(client: httpx2.AsyncClient, accept: str) -> None:
    reply = await client.get("/graphql", params={"query": QUERY}, headers={"accept": accept})
    assert refused(reply) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "body",
    [
        b"123",
        b"null",
        b'"x"',
        b"[]",
        b'[{"query": "{ campaign { name } }"}]',
        b"",
        b"{",
        b"9" * 5000,
        b"[" * 9999,
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
        b"\xff",
        b'{"query": "\xe9"}',
        b'{"query": "\\ud800"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"\xef\xbb\xbf{}",
        json.dumps({"query": QUERY}).encode("utf-16"),
    ],
)
async def test_a_body_that_is_not_an_object_is_refused(
    client: httpx2.AsyncClient, body: bytes
) -> None:
    reply = await client.post("/graphql", content=body, headers=SAID)
    assert refused(reply) == (400, "BAD_REQUEST")
    assert "JSON" in reply.json()["errors"][0]["message"]


@pytest.mark.parametrize("number", ["9" * 5000, "-1e999", "1e400", "9" * 30])
async def test_a_huge_number_does_no_harm(client: httpx2.AsyncClient, number: str) -> None:
    query = "query ($n: Int) { vendors(first: $n) { totalCount } }"
    body = f'{{"query": "{query}", "variables": {{"n": {number}}}}}'
    reply = await client.post("/graphql", content=body, headers=SAID | {"accept": GRAPHQL})
    assert reply.status_code == 400
    assert "data" not in reply.json()


async def test_deep_json_is_counted(client: httpx2.AsyncClient) -> None:
    deep = "[" * 70 + "]" * 70
    body = f'{{"query": "{QUERY}", "extensions": {{"a": {deep}}}}}'
    reply = await client.post("/graphql", content=body, headers=SAID)
    assert refused(reply) == (400, "LIMIT_EXCEEDED")
    assert limit(reply) == ("jsonDepth", 72, 64)


def limit(reply: httpx2.Response) -> tuple[str, int, int]:
    extensions = reply.json()["errors"][0]["extensions"]
    return extensions["limit"], extensions["counted"], extensions["allowed"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_is_at_most_100_kb(client: httpx2.AsyncClient, *, announced: bool) -> None:
    body = json.dumps({"query": QUERY}).encode()

    async def sent(size: int) -> AsyncIterator[bytes]:
        yield body.ljust(size)

    def content(size: int) -> Any:
        return body.ljust(size) if announced else sent(size)

    taken = await client.post("/graphql", content=content(100_000), headers=SAID)
    assert taken.status_code == 200
    reply = await client.post("/graphql", content=content(100_001), headers=SAID)
    assert refused(reply) == (413, "LIMIT_EXCEEDED")
    assert limit(reply) == ("body", 100_001, 100_000)


async def test_a_body_does_not_come_for_ever(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.01)

    monkeypatch.setattr(requests, "PATIENCE", 0.05)
    reply = await client.post("/graphql", content=trickle(), headers=SAID)
    assert refused(reply) == (408, "TIMEOUT")


async def test_a_caller_who_leaves_is_no_bug(database: Database) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await create_app(database, Settings())(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_a_url_is_at_most_8_kb(client: httpx2.AsyncClient) -> None:
    start = f"/graphql?query={QUERY.replace(' ', '+')}&x="
    taken = await client.get(start.ljust(8_001, "a"))
    assert taken.status_code == 200
    reply = await client.get(start.ljust(8_002, "a"))
    assert refused(reply) == (414, "LIMIT_EXCEEDED")
    assert limit(reply) == ("url", 8_001, 8_000)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": JSON}, 200),
        ({"content-type": "Application/JSON ; Charset=UTF-8"}, 200),
        ({"content-type": 'application/json; charset="utf-8"'}, 200),
        ({}, 415),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/graphql"}, 415),
        ({"content-type": "multipart/form-data; boundary=a"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json; charset=latin-1"}, 415),
        ({"content-type": JSON, "content-encoding": "gzip"}, 415),
    ],
)
async def test_a_body_is_plain_json(
    client: httpx2.AsyncClient, headers: dict[str, str], status: int
) -> None:
    body = json.dumps({"query": QUERY}).encode()
    reply = await client.post("/graphql", content=body, headers=headers)
    assert reply.status_code == status
    if status == 415:
        assert refused(reply) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert reply.headers["accept"] == JSON


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"query": ""},
        {"query": 1},
        {"query": None},
        {"query": QUERY, "variables": []},
        {"query": QUERY, "variables": "{}"},
        {"query": QUERY, "extensions": 1},
        {"query": QUERY, "operationName": 5},
        {"query": QUERY, "operationName": ["A"]},
    ],
)
async def test_members_of_another_type_are_refused(
    client: httpx2.AsyncClient, members: dict[str, Any]
) -> None:
    reply = await client.post("/graphql", json=members)
    assert refused(reply) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "query=",
        "variables={}",
        "query={a}&variables=[]",
        "query={a}&variables=5",
        "query={a}&variables={",
        "query={a}&extensions=NaN",
        "query={a}&query={b}",
        "query=%ff",
        "query={a}&operationName=%C3",
    ],
)
async def test_parameters_of_another_type_are_refused(
    client: httpx2.AsyncClient, parameters: str
) -> None:
    assert refused(await client.get(f"/graphql?{parameters}")) == (400, "BAD_REQUEST")


TWO = "query A { campaign { name } } query B { campaign { charterVersion } }"


async def test_one_operation_of_several_is_named(client: httpx2.AsyncClient) -> None:
    reply = await client.post("/graphql", json={"query": TWO, "operationName": "B"})
    assert reply.json()["data"] == DATA
    reply = await client.post("/graphql", json={"query": TWO}, headers={"accept": GRAPHQL})
    assert refused(reply) == (400, "OPERATION_NAME_REQUIRED")


@pytest.mark.parametrize(
    ("query", "name"), [(TWO, "C"), (QUERY, "A"), (TWO, ""), ("fragment F on Query { node }", None)]
)
async def test_an_unknown_operation_is_refused(
    client: httpx2.AsyncClient, query: str, name: str | None
) -> None:
    reply = await client.post("/graphql", json={"query": query, "operationName": name})
    assert refused(reply) == (400, "UNKNOWN_OPERATION")


async def test_a_mutation_is_not_made_by_get(client: httpx2.AsyncClient) -> None:
    reply = await client.get("/graphql", params={"query": "mutation { __typename }"})
    assert refused(reply) == (405, "METHOD_NOT_ALLOWED")
    assert reply.headers["allow"] == "POST"


@pytest.mark.parametrize("accept", [JSON, "text/event-stream, */*"])
async def test_a_subscription_is_not_a_query(client: httpx2.AsyncClient, accept: str) -> None:
    headers = {"accept": accept}
    body = {"query": "subscription { campaign { name } }"}
    reply = await client.post("/graphql", json=body, headers=headers)
    assert refused(reply) == (400, "SUBSCRIPTION_NOT_SUPPORTED")
    assert reply.headers["content-type"] == JSON


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
async def test_another_method_is_refused_with_those_allowed(
    client: httpx2.AsyncClient, method: str
) -> None:
    reply = await client.request(method, "/graphql", params={"query": QUERY})
    assert refused(reply) == (405, "METHOD_NOT_ALLOWED")
    assert reply.headers["allow"] == "GET, POST"


FAULTY = [
    ("{", "GRAPHQL_PARSE_FAILED"),
    ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ('{ coverage(scope: {asOf: "hier"}) { asOf } }', "GRAPHQL_VALIDATION_FAILED"),
    ("query ($d: Date!) { coverage(scope: {asOf: $d}) { asOf } }", "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { nothing }", "GRAPHQL_VALIDATION_FAILED"),
]


@pytest.mark.parametrize(("query", "code"), FAULTY)
@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_a_faulty_document_says_so_each_time(
    client: httpx2.AsyncClient, query: str, code: str, accept: str, status: int
) -> None:
    for _ in range(2):
        reply = await client.post("/graphql", json={"query": query}, headers={"accept": accept})
        assert refused(reply) == (status, code)


async def test_a_refused_field_leaves_the_others(client: httpx2.AsyncClient) -> None:
    query = '{ campaign { charterVersion } vendor(siren: "1") { name } }'
    for accept in (JSON, GRAPHQL):
        reply = await client.post("/graphql", json={"query": query}, headers={"accept": accept})
        assert reply.status_code == 200
        assert reply.json()["data"] == {**DATA, "vendor": None}


async def test_20_errors_are_told_and_all_are_counted(client: httpx2.AsyncClient) -> None:
    names = " ".join(f"a{number}" for number in range(30))
    reply = await client.post("/graphql", json={"query": f"{{ campaign {{ {names} }} }}"})
    assert len(reply.json()["errors"]) == 20
    assert reply.json()["extensions"]["errorCount"] == 30


async def test_a_request_has_a_deadline(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(campaigns, "current", slow)
    monkeypatch.setattr(door, "DEADLINE", 0.05)
    reply = await client.post("/graphql", json={"query": QUERY})
    assert refused(reply) == (503, "TIMEOUT")
    assert reply.headers["retry-after"] == "5"


async def test_a_bug_tells_its_number_and_nothing_else(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(campaigns, "current", broken)
    with caplog.at_level(logging.ERROR):
        reply = await client.post("/graphql", json={"query": QUERY})
    assert "secret" not in reply.text
    (error,) = reply.json()["errors"]
    assert error["message"].startswith("Erreur interne")
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"] == reply.headers["x-request-id"]
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert error["extensions"]["requestId"] in record.getMessage()
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "secret"


async def test_it_lives_and_is_ready(client: httpx2.AsyncClient) -> None:
    for path in ("/livez", "/readyz"):
        assert (await client.get(path)).status_code == 200
