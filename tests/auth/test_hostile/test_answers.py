"""A provider that is away, breaks, or answers something else."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from registry.auth import fetching
from registry.database import Database
from tests.auth import hostile
from tests.auth.conftest import Check, Service, configured, refused, sign_in
from tests.auth.hostile import (
    DEEP,
    Provider,
)


async def redirected(_: Request) -> Response:
    return RedirectResponse("http://127.0.0.1:9/", 307)


async def oversized(_: Request) -> Response:
    async def flood() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b" " * 100_000

    return StreamingResponse(flood(), media_type="application/json")


async def oversized_text(_: Request) -> Response:
    return Response(b"a" * 1_000_000, media_type="application/jwt")


async def a_page(_: Request) -> Response:
    return Response("<p>ok</p>", media_type="text/html")


async def compressed(_: Request) -> Response:
    return Response(b"{}", headers={"Content-Encoding": "gzip"}, media_type="application/json")


async def no_json(_: Request) -> Response:
    return Response(b"{", media_type="application/json")


async def a_list(_: Request) -> Response:
    return Response(b"[]", media_type="application/json")


async def deep(_: Request) -> Response:
    return Response(DEEP, media_type="application/json")


async def no_id_token(_: Request) -> Response:
    return Response(b'{"access_token": "opaque"}', media_type="application/json")


async def refuses(_: Request) -> Response:
    return Response(b'{"error": "invalid_grant"}', 400, media_type="application/json")


async def breaks(_: Request) -> Response:
    return PlainTextResponse("oops", 500)


async def is_busy(_: Request) -> Response:
    return PlainTextResponse("later", 429)


async def drips(request: Request) -> Response:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(20):
            await asyncio.sleep(0.1)
            yield b" "

    kind = "jwt" if request.url.path == "/userinfo" else "json"
    return StreamingResponse(slowly(), media_type=f"application/{kind}")


BAD = [redirected, oversized, a_page, compressed, no_json, a_list, deep, refuses]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        *[(path, answer) for path in ("/token", "/keys") for answer in BAD],
        ("/token", no_id_token),
        *[("/userinfo", answer) for answer in (redirected, oversized, oversized_text, refuses)],
        *[("/userinfo", answer) for answer in (a_page, compressed, a_list)],
    ],
)
async def test_answers_that_are_none(
    browser: httpx2.AsyncClient,
    provider: Provider,
    nobody: Check,
    path: str,
    answer: hostile.Answer,
) -> None:
    provider.answers[path] = answer
    await refused(await sign_in(browser, provider), nobody)


async def test_unsigned_userinfo(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check
) -> None:
    async def plain(_: Request) -> Response:
        said = json.dumps(provider.common() | provider.person)
        return Response(said, media_type="application/json")

    provider.answers["/userinfo"] = plain
    await refused(await sign_in(browser, provider), nobody)


@pytest.mark.parametrize("answer", [breaks, is_busy, drips])
@pytest.mark.parametrize("path", ["/token", "/keys", "/userinfo"])
async def test_a_provider_that_is_away(
    browser: httpx2.AsyncClient,
    provider: Provider,
    nobody: Check,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    answer: hostile.Answer,
) -> None:
    monkeypatch.setattr(fetching, "DEADLINE", 1.5)
    provider.answers[path] = answer
    reply = await sign_in(browser, provider)
    await refused(reply, nobody, 503)
    assert reply.headers["retry-after"] == "30"


WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.mark.parametrize("answer", [*BAD, breaks, is_busy])
async def test_a_discovery_that_is_none(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, answer: hostile.Answer
) -> None:
    provider.answers[WELL_KNOWN] = answer
    await refused(await browser.get("/connexion"), nobody, 503)


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": ["http://127.0.0.1/"]},
    ],
    ids=str,
)
async def test_a_discovery_that_lies(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, lie: dict[str, object]
) -> None:
    provider.discovery = lie
    await refused(await browser.get("/connexion"), nobody, 503)


async def test_nobody_answers(database: Database, nobody: Check) -> None:
    service = Service(database, configured("http://127.0.0.1:9"))
    async with service.browser() as browser:
        await refused(await browser.get("/connexion"), nobody, 503)


async def test_a_provider_by_https_names_no_address_without(
    database: Database, monkeypatch: pytest.MonkeyPatch, nobody: Check
) -> None:
    async def fetch(*_: object, **__: object) -> bytes:
        provider = Provider("https://issuer.example", {})
        return json.dumps(provider.described() | {"jwks_uri": "http://127.0.0.1/keys"}).encode()

    monkeypatch.setattr("registry.auth.proconnect.fetch", fetch)
    async with Service(database, configured("https://issuer.example")).browser() as browser:
        await refused(await browser.get("/connexion"), nobody, 503)
