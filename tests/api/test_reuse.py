"""Answers to public queries are reused, and nobody can tell it by what they say."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import httpx2
import pytest
import sqlalchemy as sa

from registry.api import plan
from registry.api.reuse import OVERHEAD, Answers, Kept, Key
from registry.app import create_app
from registry.database import Database, connected
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.head import TRUSTED, Head
from registry.settings import Settings
from tests.api.conftest import MINISTRY, Token, credentials
from tests.api.sides import EBENE

NAME = "query Name($siren: String!) { vendor(siren: $siren) { name } }"
BODY = {"query": NAME, "variables": {"siren": EBENE}}
RENAME = sa.text("UPDATE vendor SET name = :name WHERE siren = :siren RETURNING id")
GRAPHQL = {"accept": "application/graphql-response+json"}
RENAMED = """mutation ($name: String!, $siren: String!) {
    editVendor(input: {siren: $siren, version: 1, name: $name}) { ... on Vendor { name } } }"""

Silently = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def serving(database: Database, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    async with database.followed():
        await known(database)
        transport = httpx2.ASGITransport(create_app(database, Settings(**settings)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            yield client


async def known(database: Database) -> None:
    for _ in range(500):
        if database.head.version:
            return
        await asyncio.sleep(0.01)
    raise AssertionError


@pytest.fixture
async def reusing(world: None, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(database) as client:
        yield client


@pytest.fixture
def silently(addresses: Addresses) -> Silently:
    """Renames a vendor as nobody may: without a word to the ledger, so that a reused answer
    differs from a fresh one.
    """

    async def rename(name: str) -> None:
        owner = await asyncpg.connect(addresses.owner)
        await owner.execute("UPDATE vendor SET name = $1 WHERE siren = $2", name, EBENE)
        await owner.close()

    return rename


async def named(client: httpx2.AsyncClient, by: str | None = None) -> str:
    reply = await client.post("/graphql", json=BODY, headers=credentials(by))
    assert reply.status_code == 200, reply.text
    return str(reply.json()["data"]["vendor"]["name"])


async def rename(database: Database, name: str) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        row = await session.scalar(RENAME, {"name": name, "siren": EBENE})
        await ledger.append(session, "edit", "vendor", [row])


async def test_an_answer_is_reused(reusing: httpx2.AsyncClient, silently: Silently) -> None:
    first = await reusing.post("/graphql", json=BODY)
    await silently("Autre")
    again = await reusing.post("/graphql", json={**BODY, "extensions": {}})
    by_get = await reusing.get(
        "/graphql", params={"query": NAME, "variables": f'{{ "siren": "{EBENE}" }}'}
    )
    assert first.content == again.content == by_get.content
    assert len({reply.headers["x-request-id"] for reply in (first, again, by_get)}) == 3


@pytest.mark.parametrize(
    "other",
    [
        BODY | {"query": f"{NAME} "},
        BODY | {"operationName": "Name"},
        {"query": "{ vendor(siren: $siren) { name } }".replace("$siren", f'"{EBENE}"')},
    ],
)
async def test_another_question_is_answered_anew(
    reusing: httpx2.AsyncClient, silently: Silently, other: dict[str, Any]
) -> None:
    await named(reusing)
    await silently("Autre")
    reply = await reusing.post("/graphql", json=other)
    assert reply.json()["data"] == {"vendor": {"name": "Autre"}}


async def test_another_media_type_is_another_answer(reusing: httpx2.AsyncClient) -> None:
    plain = await reusing.post("/graphql", json=BODY)
    other = await reusing.post("/graphql", json=BODY, headers=GRAPHQL)
    assert plain.content == other.content
    assert other.headers["content-type"] == GRAPHQL["accept"]
    assert plain.headers["etag"] != other.headers["etag"]
    assert plain.headers["vary"] == "Accept"


async def test_nothing_is_reused_for_who_signed_in(
    reusing: httpx2.AsyncClient, token: Token, person: Token, silently: Silently
) -> None:
    signed_in = [await token(MINISTRY), await person(EBENE)]
    await asyncio.sleep(0.1)
    await named(reusing)
    await silently("Autre")
    for by in signed_in:
        reply = await reusing.post("/graphql", json=BODY, headers=credentials(by))
        assert reply.json()["data"]["vendor"]["name"] == "Autre"
        assert "etag" not in reply.headers
        assert reply.headers["cache-control"] == "no-store"


async def test_ones_own_write_is_seen_at_once(reusing: httpx2.AsyncClient, token: Token) -> None:
    by = await token(EBENE)
    for version in range(1, 6):
        assert await named(reusing) == await named(reusing)
        body = {
            "query": RENAMED.replace("version: 1", f"version: {version}"),
            "variables": {"siren": EBENE, "name": f"Nom {version}"},
        }
        reply = await reusing.post("/graphql", json=body, headers=credentials(by))
        assert reply.json()["data"] == {"editVendor": {"name": f"Nom {version}"}}
        assert await named(reusing) == f"Nom {version}"


async def test_a_write_that_changes_nothing_empties_nothing(
    reusing: httpx2.AsyncClient, token: Token, silently: Silently
) -> None:
    """Refused, or what only tells who passed by: a token's use, an attempt at signing in."""
    refused = {
        "query": RENAMED.replace("version: 1", "version: 7"),
        "variables": {"siren": EBENE, "name": "Nom"},
    }
    by = await token(EBENE)
    before = await named(reusing)
    await silently("Autre")
    for _ in range(2):
        reply = await reusing.post("/graphql", json=refused, headers=credentials(by))
        assert "name" not in reply.json()["data"]["editVendor"]
        await reusing.get("/connexion")
        assert await named(reusing) == before


async def test_another_process_writes_and_it_is_seen(
    reusing: httpx2.AsyncClient, addresses: Addresses
) -> None:
    async with connected(addresses.service) as other:
        for number in range(5):
            await named(reusing)
            await rename(other, f"Nom {number}")
            written = time.monotonic()
            while await named(reusing) != f"Nom {number}":
                assert time.monotonic() < written + TRUSTED
                await asyncio.sleep(0.01)


async def test_answers_follow_concurrent_writes(
    world: None, database: Database, addresses: Addresses
) -> None:
    """Each is what a fresh reading gave at some moment since ``TRUSTED`` before its question."""
    committed = [(0.0, -1)]

    async def write() -> None:
        async with connected(addresses.service) as other:
            for number in range(40):
                await rename(other, f"Nom {number}")
                committed.append((time.monotonic(), number))
                await asyncio.sleep(0.02)

    async def ask(client: httpx2.AsyncClient) -> None:
        while not writing.done():
            asked = time.monotonic()
            name = await named(client)
            number = int(name.removeprefix("Nom ")) if name.startswith("Nom ") else -1
            oldest = max(n for moment, n in committed if moment <= asked - TRUSTED)
            assert oldest <= number <= committed[-1][1] + 1
            await asyncio.sleep(0)  # An answer that is reused lets nobody else go on.

    async with serving(database, requests_per_minute=0, points_per_minute=0) as client:
        writing = asyncio.create_task(write())
        await asyncio.gather(writing, *(ask(client) for _ in range(3)))


async def test_without_news_nothing_is_reused(
    world: None, database: Database, addresses: Addresses, silently: Silently
) -> None:
    async with serving(database) as client:
        before = await named(client)
        await silently("Autre")
        assert await named(client) == before
        owner = await asyncpg.connect(addresses.superuser)
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'raccord' AND query LIKE '%FROM ledger'"
        )
        await owner.close()
        until = time.monotonic() + TRUSTED
        while await named(client) == before:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)
        await known(database)
        assert await named(client) == "Autre"
        await silently("Encore")
        assert await named(client) == "Autre"
    await asyncio.sleep(TRUSTED)
    transport = httpx2.ASGITransport(create_app(database, Settings()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        assert await named(client) == "Encore"
        await silently("Enfin")
        assert await named(client) == "Enfin"


async def test_it_can_be_turned_off(world: None, database: Database, silently: Silently) -> None:
    async with serving(database, response_cache_bytes=0) as client:
        await named(client)
        await silently("Autre")
        reply = await client.post("/graphql", json=BODY)
        assert reply.json()["data"]["vendor"]["name"] == "Autre"
        assert reply.headers["etag"]


async def test_who_has_the_answer_is_told_so(
    reusing: httpx2.AsyncClient, database: Database
) -> None:
    params = {"query": NAME, "variables": f'{{"siren": "{EBENE}"}}'}
    first = await reusing.get("/graphql", params=params)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for tags in (tag, f'"other", W/{tag}', "*"):
        again = await reusing.get("/graphql", params=params, headers={"If-None-Match": tags})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
    by_post = await reusing.post("/graphql", json=BODY, headers={"If-None-Match": tag})
    assert (by_post.status_code, by_post.content) == (200, first.content)
    await rename(database, "Autre")
    changed = await reusing.get("/graphql", params=params, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_a_reused_answer_costs_as_much(world: None, database: Database) -> None:
    async with serving(database, requests_per_minute=0, points_per_minute=2) as client:
        replies = [await client.post("/graphql", json=BODY) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert [";r=1;" in replies[0].headers["ratelimit"], ";r=0;" in replies[1].headers["ratelimit"]]


@pytest.mark.parametrize(
    "query",
    [
        "{ rateLimit { remaining } }",
        "{ ...Mine } fragment Mine on Query { ... { rateLimit { remaining } } }",
    ],
)
async def test_what_depends_on_who_asks_is_not_kept(
    world: None, database: Database, query: str
) -> None:
    async with serving(database, points_per_minute=60) as client:
        replies = [await client.post("/graphql", json={"query": query}) for _ in range(2)]
    first, second = (reply.json()["data"]["rateLimit"]["remaining"] for reply in replies)
    assert second < first
    assert "etag" not in replies[0].headers


async def test_a_plan_that_had_no_time_is_not_kept(
    reusing: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It depends on more than the registry: the next one may have more."""
    body = {"query": "{ plan(atMost: 2) { optimal } }"}
    monkeypatch.setattr(plan, "TIME_LIMIT", 0.0)
    hurried = await reusing.post("/graphql", json=body)
    monkeypatch.undo()
    patient = await reusing.post("/graphql", json=body)
    answers = [reply.json()["data"]["plan"]["optimal"] for reply in (hurried, patient)]
    assert answers == [False, True]


async def test_a_refusal_is_not_kept(reusing: httpx2.AsyncClient) -> None:
    body = {"query": '{ vendor(siren: "1") { name } }'}
    for _ in range(2):
        reply = await reusing.post("/graphql", json=body)
        assert reply.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "etag" not in reply.headers


async def test_a_mutation_is_not_kept(reusing: httpx2.AsyncClient) -> None:
    query = "mutation { __typename }"
    assert (await reusing.post("/graphql", json={"query": query})).status_code == 200
    assert (await reusing.get("/graphql", params={"query": query})).status_code == 405


def test_memory_is_bounded() -> None:
    head = Head()
    head.known(1, time.monotonic())
    answers = Answers(3 * (OVERHEAD + 100), head)
    keys = [Key("", None, bytes([number]), "", date(2026, 1, 1)) for number in range(5)]
    version = answers.version()
    assert version
    for key in keys[:3]:
        answers.keep(key, Kept(b"x" * 90, "", 1), version)
    assert answers.find(keys[0])
    answers.keep(keys[3], Kept(b"x" * 90, "", 1), version)
    assert [bool(answers.find(key)) for key in keys] == [True, False, True, True, False]
    answers.keep(keys[4], Kept(b"x" * 10_000, "", 1), version)
    assert not answers.find(keys[4])
    assert answers.size <= answers.budget


def test_an_answer_read_before_a_write_is_not_kept_after_it() -> None:
    head = Head()
    head.known(1, time.monotonic())
    answers = Answers(100_000, head)
    key, answer = Key("", None, b"", "", date(2026, 1, 1)), Kept(b"", "", 1)
    for write in (lambda: head.told(2), head.wrote):
        version = answers.version()
        assert version
        write()
        answers.keep(key, answer, version)
        assert not answers.find(key)
    version = answers.version()
    assert version
    answers.keep(key, answer, version)
    assert answers.find(key)
    head.lost()
    assert answers.version() is None
    assert not answers.find(key)
