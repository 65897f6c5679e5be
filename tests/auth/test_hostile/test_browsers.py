"""What comes back by the browser, which is anyone's to send."""

import asyncio

import httpx2
import pytest
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, SIGN_IN
from tests.auth.conftest import Check, Service, come_back, leave_for, refused, sign_in
from tests.auth.hostile import (
    Provider,
)


async def unwilling(_: Request) -> Response:
    return Response(b'{"error": "invalid_grant"}', 400, media_type="application/json")


@pytest.mark.parametrize("state", [None, "", "x", "x" * 43, "é" * 43, "a" * 5000])
async def test_another_state(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, state: str | None
) -> None:
    await leave_for(browser, provider)
    await refused(await come_back(browser, state), nobody)
    assert not provider.asked["/token"]


async def test_a_state_said_twice(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check
) -> None:
    state = (await leave_for(browser, provider))["state"]
    path = f"/connexion/retour?code=c&state={state}&state={state}"
    await refused(await browser.get(path), nobody)


async def test_the_state_of_another_browser(
    service: Service, browser: httpx2.AsyncClient, provider: Provider, nobody: Check
) -> None:
    """Whoever has their own answer opened elsewhere would have others act in their name."""
    state = (await leave_for(browser, provider))["state"]
    async with service.browser() as victim:
        await refused(await come_back(victim, state), nobody)
        await leave_for(victim, provider)
        await refused(await come_back(victim, state), nobody)
    assert not provider.asked["/token"]


async def test_an_answer_serves_once(
    browser: httpx2.AsyncClient, provider: Provider, database: Database
) -> None:
    state = (await leave_for(browser, provider))["state"]
    replies = await asyncio.gather(*[come_back(browser, state) for _ in range(4)])
    assert sorted(reply.status_code for reply in replies) == [303, 403, 403, 403]
    assert (await come_back(browser, state)).status_code == 403
    assert provider.asked["/token"] == 1
    async with database.read(ADMINISTRATOR) as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM web_session")) == 1


async def test_a_refused_answer_does_not_serve_again(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check
) -> None:
    provider.answers["/token"] = unwilling
    state = (await leave_for(browser, provider))["state"]
    await come_back(browser, state)
    provider.answers.clear()
    await refused(await come_back(browser, state), nobody)


async def test_an_attempt_lasts_ten_minutes(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, database: Database
) -> None:
    state = (await leave_for(browser, provider))["state"]
    aged = "UPDATE sign_in_attempt SET created_at = created_at - interval '10 minutes'"
    async with database.transaction(SIGN_IN) as session:
        await session.execute(sa.text(aged))
    await refused(await come_back(browser, state), nobody)
    await leave_for(browser, provider)
    async with database.read(ADMINISTRATOR) as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM sign_in_attempt")) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"code": ""},
        {"error": "access_denied"},
        {"error": "access_denied", "code": ""},
        {"iss": "https://evil.example"},
        {"code": ["one", "two"]},
    ],
    ids=str,
)
async def test_an_answer_that_is_none(
    browser: httpx2.AsyncClient,
    provider: Provider,
    nobody: Check,
    said: dict[str, str | list[str]],
) -> None:
    state = (await leave_for(browser, provider))["state"]
    await refused(await come_back(browser, state, **said), nobody)
    assert not provider.asked["/token"]


async def test_an_answer_that_should_say_from_whom_it_comes(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check
) -> None:
    provider.discovery["authorization_response_iss_parameter_supported"] = True
    await refused(await sign_in(browser, provider), nobody)
