"""GraphQL over HTTP: what is taken, what is refused, what a bug tells."""

import logging
from typing import Any

import httpx2
import pytest

from registry.app import create_app
from registry.database import connected
from registry.domain import campaigns
from registry.settings import Settings

QUERY = "{ campaign { charterVersion } }"
ANSWER = {"data": {"campaign": {"charterVersion": "2022-03-07"}}}


async def test_a_query_by_post_and_by_get(client: httpx2.AsyncClient) -> None:
    posted = await client.post("/graphql", json={"query": QUERY})
    got = await client.get("/graphql", params={"query": QUERY, "variables": "{}"})
    for reply in (posted, got):
        assert (reply.status_code, reply.json()) == (200, ANSWER)
        assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "body",
    [b"123", b"null", b'"x"', b"[]", b"", b"{", b"9" * 5000, b"[" * 9999, b"\xff", b'{"a": NaN}'],
)
async def test_a_body_that_is_not_an_object_is_refused(
    client: httpx2.AsyncClient, body: bytes
) -> None:
    headers = {"content-type": "application/json"}
    reply = await client.post("/graphql", content=body, headers=headers)
    assert reply.status_code == 400
    (error,) = reply.json()["errors"]
    assert "JSON" in error["message"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}


TWO = "query A { campaign { name } } query B { campaign { name } }"


@pytest.mark.parametrize(
    "member",
    [
        {},
        {"query": ""},
        {"query": 1},
        {"query": QUERY, "variables": []},
        {"query": QUERY, "extensions": 1},
        {"query": TWO, "operationName": "C"},
        {"query": TWO, "operationName": 5},
        {"query": TWO, "operationName": ["A"]},
    ],
)
async def test_members_of_another_type_are_refused(
    client: httpx2.AsyncClient, member: dict[str, Any]
) -> None:
    assert (await client.post("/graphql", json=member)).status_code == 400


async def test_another_method_is_refused_with_those_allowed(client: httpx2.AsyncClient) -> None:
    reply = await client.put("/graphql", json={"query": QUERY})
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST")


async def test_no_page_is_served_for_browsers(client: httpx2.AsyncClient) -> None:
    reply = await client.get("/graphql", headers={"accept": "text/html"})
    assert reply.status_code == 404
    assert "<html" not in reply.text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ coverage(scope: {asOf: "hier"}) { asOf } }', "GRAPHQL_VALIDATION_FAILED"),
        ("query ($d: Date!) { coverage(scope: {asOf: $d}) { asOf } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_faulty_document_says_so_each_time(
    client: httpx2.AsyncClient, query: str, code: str
) -> None:
    for _ in range(2):
        reply = (await client.post("/graphql", json={"query": query})).json()
        assert [error["extensions"] for error in reply["errors"]] == [{"code": code}]
        assert not reply["data"]


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
    (record,) = caplog.records
    assert error["extensions"]["requestId"] in record.getMessage()
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "secret"


async def test_it_lives_and_is_ready(client: httpx2.AsyncClient) -> None:
    for path in ("/livez", "/readyz"):
        assert (await client.get(path)).status_code == 200


async def test_without_its_database_it_lives_but_is_not_ready() -> None:
    async with connected("postgresql://nobody@127.0.0.1:1/none") as database:
        transport = httpx2.ASGITransport(create_app(database, Settings()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            assert (await client.get("/livez")).status_code == 200
            reply = await client.get("/readyz")
            assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
