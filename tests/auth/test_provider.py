"""Before oidc-provider, on which ProConnect is built."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx2
import pytest

from registry.database import Database
from tests.api.conftest import Written
from tests.auth.conftest import EBENE, PUBLIC_URL, Check, Service, configured, mutate, sign_out
from tests.auth.hostile import CLIENT, SECRET
from tests.factories import establishment
from tests.peers.node import running

CLAIMS = {
    "siret": establishment(EBENE),
    "email": "alix@ebene.example",
    "given_name": "Alix",
    "usual_name": "Norvalet",
    "idp_id": "essai",
    "organization_label": "Ébène Logiciels",
}
MORE_STEPS = 10


@asynccontextmanager
async def peer(
    *, alg: str = "RS256", pkce: bool = False, **claims: object
) -> AsyncIterator[tuple[str, httpx2.AsyncClient]]:
    """Its address, and a browser that is there."""
    asked = {"client": CLIENT, "secret": SECRET, "publicUrl": PUBLIC_URL, "alg": alg, "pkce": pkce}
    async with (
        running("provider.js", json.dumps(asked | {"claims": CLAIMS | claims})) as said,
        httpx2.AsyncClient(base_url=said["issuer"]) as there,
    ):
        yield said["issuer"], there


async def followed(there: httpx2.AsyncClient, url: str) -> str:
    """Through the provider's pages, to the address of ours that it sends to."""
    for _ in range(MORE_STEPS):
        reply = await there.get(url)
        assert reply.is_redirect, f"{url}: {reply.status_code} {reply.text}"
        url = str(reply.next_request.url) if reply.next_request else ""
        if url.startswith(PUBLIC_URL):
            return url
    raise AssertionError(f"the provider goes on: {url}")


async def through(browser: httpx2.AsyncClient, there: httpx2.AsyncClient) -> httpx2.Response:
    left = await browser.get("/connexion", params={"retour": "/graphiql"})
    return await browser.get(await followed(there, left.headers["location"]))


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("alg", ["RS256", "ES256", "HS256"])
@pytest.mark.parametrize("pkce", ["with a challenge", "without"])
async def test_from_the_door_to_a_write_and_out_again(
    database: Database, written: Written, alg: str, pkce: str
) -> None:
    async with peer(alg=alg, pkce=pkce == "with a challenge") as (issuer, there):
        service = Service(database, configured(issuer, proconnect_hs256=alg == "HS256"))
        async with service.browser() as browser:
            entered = await through(browser, there)
            assert (entered.status_code, entered.headers["location"]) == (303, "/graphiql")
            assert "Ébène Logiciels" in (await browser.get("/compte")).text
            made = await mutate(browser, "RegisterVendor", siren=EBENE, name="Ébène")
            assert made["__typename"] == "Vendor"
            assert await sign_out_there(browser, there) == f"{PUBLIC_URL}/deconnexion"
            assert "pas connecté" in (await browser.get("/compte")).text
    actions = [entry[0] for entry in await written()]
    assert actions == ["sign-in", "sign-in", "claim", "sign-out", "sign-out"]


async def sign_out_there(browser: httpx2.AsyncClient, there: httpx2.AsyncClient) -> str:
    """Where the provider sends to, once it has ended its own session."""
    out = await sign_out(browser)
    asked = await there.get(out.headers["refresh"].removeprefix("0; url="))
    assert asked.status_code == 200, asked.text
    action = re.search(r'action="([^"]+)"', asked.text)
    secret = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
    assert action, asked.text
    assert secret, asked.text
    ended = await there.post(action[1], data={"xsrf": secret[1], "logout": "yes"})
    assert ended.is_redirect, ended.text
    assert not [name for name in there.cookies if name == "_session"]
    address = urlsplit(ended.headers["location"])
    assert len(address.query.removeprefix("state=")) >= 32
    return f"{address.scheme}://{address.netloc}{address.path}"


async def test_what_the_provider_does_not_know_it_refuses(
    database: Database, nobody: Check
) -> None:
    """So it must be told nothing more: a setting that sends a challenge is not forgiven."""
    async with peer() as (issuer, there):
        service = Service(database, configured(issuer, proconnect_pkce="always"))
        async with service.browser() as browser:
            left = await browser.get("/connexion")
            reply = await there.get(left.headers["location"])
            assert reply.json()["unknown"] == ["code_challenge", "code_challenge_method"]
    await nobody()


async def test_another_algorithm_than_the_settings_is_refused(
    database: Database, nobody: Check
) -> None:
    async with (
        peer(alg="HS256") as (issuer, there),
        Service(database, configured(issuer)).browser() as browser,
    ):
        assert (await through(browser, there)).status_code == 403
    await nobody()


async def test_an_establishment_that_is_none_is_shown(database: Database, nobody: Check) -> None:
    async with (
        peer(siret="99990000400015") as (issuer, there),
        Service(database, configured(issuer)).browser() as browser,
    ):
        reply = await through(browser, there)
    assert reply.status_code == 403
    for word in ("99990000400015", "Ébène Logiciels", "SIRET"):
        assert word in reply.text
    await nobody()


async def test_a_code_serves_once(database: Database, nobody: Check) -> None:
    """The provider takes back what it gave for a code that comes twice."""
    async with (
        peer() as (issuer, there),
        Service(database, configured(issuer)).browser() as browser,
    ):
        left = await browser.get("/connexion")
        back = await followed(there, left.headers["location"])
        code = dict(httpx2.URL(back).params)["code"]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{PUBLIC_URL}/connexion/retour",
            "client_id": CLIENT,
            "client_secret": SECRET,
        }
        assert (await there.post("/token", data=form)).status_code == 200
        assert (await browser.get(back)).status_code == 403
    await nobody()


async def test_a_provider_that_goes_away(database: Database, nobody: Check) -> None:
    async with peer() as (issuer, there):
        service = Service(database, configured(issuer))
        async with service.browser() as browser:
            left = await browser.get("/connexion")
            back = await followed(there, left.headers["location"])
            cookies = dict(browser.cookies)
    async with service.browser() as browser:
        browser.cookies.update(cookies)
        reply = await browser.get(back)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "30")
    await nobody()
