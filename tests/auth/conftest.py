from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
import sqlalchemy as sa

from registry.app import create_app
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.settings import Settings
from tests.api.conftest import OPERATIONS, Written, written
from tests.auth import hostile
from tests.factories import establishment, siren

__all__ = ["written"]

EBENE = siren(99990000)
PUBLIC_URL = "https://raccord.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}

Check = Callable[[], Awaitable[None]]


@pytest.fixture
async def nobody(database: Database, written: Written) -> Check:
    """Assert that no one signed in: neither a session, nor a word in the ledger."""

    async def check() -> None:
        async with database.read(ADMINISTRATOR) as session:
            for table in ("account", "web_session"):
                assert not await session.scalar(sa.text(f"SELECT count(*) FROM {table}"))
        assert await written() == []

    return check


@pytest.fixture
async def provider() -> AsyncIterator[hostile.Provider]:
    person = {
        "siret": establishment(EBENE),
        "email": "alix@ebene.example",
        "given_name": "Alix",
        "usual_name": "Norvalet",
        "idp_id": "essai",
        "organization_label": "Ébène Logiciels",
    }
    async with hostile.listening(person) as provider:
        yield provider


@dataclass
class Service:
    """The registry, before one provider; each browser has cookies of its own."""

    database: Database
    settings: Settings

    def __post_init__(self) -> None:
        self.app = create_app(self.database, self.settings)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx2.AsyncClient]:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        url = self.settings.public_url or ""
        async with httpx2.AsyncClient(transport=transport, base_url=url) as browser:
            yield browser


def configured(provider_url: str, **values: Any) -> Settings:
    return Settings(
        **{
            "public_url": PUBLIC_URL,
            "proconnect_url": provider_url,
            "proconnect_client_id": hostile.CLIENT,
            "proconnect_client_secret": hostile.SECRET,
        }
        | values
    )


@pytest.fixture
def service(database: Database, provider: hostile.Provider) -> Service:
    return Service(database, configured(provider.url))


@pytest.fixture
async def browser(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.browser() as browser:
        yield browser


async def leave_for(
    browser: httpx2.AsyncClient, provider: hostile.Provider, **query: str
) -> dict[str, str]:
    """Go to the provider; what it is told."""
    reply = await browser.get("/connexion", params=query)
    assert reply.status_code == 303, reply.text
    asked = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
    provider.nonce = asked["nonce"]
    return asked


async def come_back(
    browser: httpx2.AsyncClient, state: str | None, **said: str | list[str]
) -> httpx2.Response:
    answer = {"code": "a-code"} | ({"state": state} if state else {}) | said
    return await browser.get(
        "/connexion/retour", params={name: value for name, value in answer.items() if value}
    )


async def sign_in(
    browser: httpx2.AsyncClient, provider: hostile.Provider, **query: str
) -> httpx2.Response:
    asked = await leave_for(browser, provider, **query)
    return await come_back(browser, asked["state"])


async def sign_out(
    browser: httpx2.AsyncClient, fields: str = "", *, headers: Mapping[str, str] = OUR_PAGE
) -> httpx2.Response:
    return await browser.post("/deconnexion", content=fields, headers={**FORM, **headers})


async def mutate(browser: httpx2.AsyncClient, operation: str, **given: Any) -> Any:
    """Run a named mutation from a page of the service; what it answers."""
    query = (OPERATIONS / f"{operation}.graphql").read_text()
    asked = {"query": query, "variables": {"input": given}}
    reply = await browser.post("/graphql", json=asked, headers=OUR_PAGE)
    assert reply.status_code == 200, reply.text
    assert "errors" not in reply.json(), reply.text
    return next(iter(reply.json()["data"].values()))


async def refused(reply: httpx2.Response, nobody: Check, status: int = 403) -> None:
    assert reply.status_code == status, reply.text
    assert "Que faire" in reply.text
    assert not [line for line in reply.headers.get_list("set-cookie") if "raccord=" in line]
    assert "Traceback" not in reply.text
    await nobody()
