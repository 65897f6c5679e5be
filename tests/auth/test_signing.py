"""Signing in and out, by a provider that tells the truth."""

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
import pytest

from registry.auth import proconnect as room
from registry.auth import signatures, signing_in
from registry.database import Database
from tests.api.conftest import Written
from tests.auth import hostile
from tests.auth.conftest import (
    EBENE,
    PUBLIC_URL,
    Check,
    Service,
    configured,
    leave_for,
    mutate,
    sign_in,
    sign_out,
)
from tests.auth.hostile import CURVE, OTHER, Provider, public, sealed_by_secret, signed
from tests.factories import establishment, siren

BARE = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"}


@pytest.mark.usefixtures("world")
async def test_from_the_door_to_a_write_and_out_again(
    browser: httpx2.AsyncClient, provider: Provider, written: Written
) -> None:
    reply = await sign_in(browser, provider, retour="/graphiql?a=1")
    assert (reply.status_code, reply.headers["location"]) == (303, "/graphiql?a=1")
    assert {*browser.cookies} == {"__Host-raccord", "__Host-raccord-connexion"}
    made = await mutate(browser, "RegisterVendor", siren=EBENE, name="Ébène")
    assert (made["__typename"], made["name"]) == ("Vendor", "Ébène")
    out = await sign_out(browser)
    assert out.status_code == 200
    url = urlsplit(out.headers["refresh"].removeprefix("0; url="))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{provider.url}/end"
    told = dict(parse_qsl(url.query))
    assert told.pop("id_token_hint").count(".") == 2
    assert len(told.pop("state")) >= 32
    assert told == {"post_logout_redirect_uri": f"{PUBLIC_URL}/deconnexion"}
    assert "__Host-raccord" not in browser.cookies
    refused = await mutate(browser, "RegisterVendor", siren=EBENE, name="Ébène")
    assert refused["__typename"] == "NotSignedIn"
    (first, *_) = entries = await written()
    assert [entry[:2] for entry in entries] == [
        ("sign-in", "account"),
        ("sign-in", "web_session"),
        ("claim", "vendor"),
        ("sign-out", "account"),
        ("sign-out", "web_session"),
    ]
    assert {entry[2] for entry in entries} == {first[2]}


async def test_a_provider_is_told_what_it_knows_and_no_more(
    browser: httpx2.AsyncClient, provider: Provider
) -> None:
    asked = await leave_for(browser, provider)
    assert asked.keys() == BARE
    assert asked["scope"] == "openid email siret"
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/connexion/retour"
    assert min(len(asked["state"]), len(asked["nonce"])) >= 32
    again = await leave_for(browser, provider)
    assert again["state"] != asked["state"]
    assert again["nonce"] != asked["nonce"]


async def test_what_it_lists_is_asked_for(browser: httpx2.AsyncClient, provider: Provider) -> None:
    provider.discovery["scopes_supported"] = ["openid", "organization_label", "phone"]
    asked = await leave_for(browser, provider)
    assert asked["scope"] == "openid email siret organization_label"


@pytest.mark.parametrize(
    ("setting", "methods", "sent"),
    [
        ("auto", ["S256"], True),
        ("auto", ["plain"], False),
        ("auto", None, False),
        ("always", None, True),
        ("never", ["S256"], False),
    ],
)
async def test_a_challenge_follows_discovery_and_the_setting(
    database: Database, provider: Provider, setting: str, methods: list[str] | None, sent: object
) -> None:
    provider.discovery["code_challenge_methods_supported"] = methods
    service = Service(database, configured(provider.url, proconnect_pkce=setting))
    async with service.browser() as browser:
        asked = await leave_for(browser, provider)
        assert ("code_challenge" in asked) is sent
        assert (asked.get("code_challenge_method") == "S256") is sent
        assert (await sign_in(browser, provider)).status_code == 303
    (form,) = provider.forms
    assert ("code_verifier" in form) is sent


async def test_the_verifier_is_what_the_challenge_announced(
    database: Database, provider: Provider
) -> None:
    service = Service(database, configured(provider.url, proconnect_pkce="always"))
    async with service.browser() as browser:
        asked = await leave_for(browser, provider)
        await browser.get("/connexion/retour", params={"code": "c", "state": asked["state"]})
    digest = hashlib.sha256(provider.forms[0]["code_verifier"].encode()).digest()
    assert urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]


async def test_two_tabs_may_sign_in_at_once(
    browser: httpx2.AsyncClient, provider: Provider
) -> None:
    first = await leave_for(browser, provider)
    nonce = provider.nonce
    second = await leave_for(browser, provider)
    query = {"code": "c", "state": second["state"]}
    assert (await browser.get("/connexion/retour", params=query)).status_code == 303
    provider.nonce = nonce
    query["state"] = first["state"]
    assert (await browser.get("/connexion/retour", params=query)).status_code == 303


async def test_another_account_takes_the_place_of_the_first(
    browser: httpx2.AsyncClient, provider: Provider, database: Database
) -> None:
    await sign_in(browser, provider)
    before = dict(browser.cookies)
    provider.identity["sub"] = provider.person["sub"] = "camille"
    await sign_in(browser, provider)
    assert dict(browser.cookies) != before
    async with Service(database, configured(provider.url)).browser() as other:
        other.cookies.update(before)
        assert "pas connecté" in (await other.get("/compte")).text


async def test_keys_are_read_again_for_a_new_one_and_rarely(
    browser: httpx2.AsyncClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_in(browser, provider)
    assert provider.asked["/keys"] == 1
    provider.keys = [public(OTHER)]
    provider.seals = {name: lambda said: signed(said, OTHER) for name in ("id_token", "userinfo")}
    for _ in range(3):
        assert (await sign_in(browser, provider)).status_code == 403
    assert provider.asked["/keys"] == 1
    monkeypatch.setattr(room, "KEYS_PAUSE", 0.0)
    assert (await sign_in(browser, provider)).status_code == 303
    assert provider.asked["/keys"] == 2


@pytest.mark.parametrize("alg", ["RS256", "PS256", "RS512", "ES256"])
async def test_key_pairs_sign(browser: httpx2.AsyncClient, provider: Provider, alg: str) -> None:
    key = CURVE if alg == "ES256" else hostile.KEY
    provider.seals = {
        name: lambda said: signed(said, key, alg) for name in ("id_token", "userinfo")
    }
    assert (await sign_in(browser, provider)).status_code == 303


async def test_the_secret_signs_where_the_settings_say_so_and_then_alone(
    database: Database, provider: Provider
) -> None:
    service = Service(database, configured(provider.url, proconnect_hs256=True))
    async with service.browser() as browser:
        refused = await sign_in(browser, provider)
        by_secret = {
            name: lambda said: sealed_by_secret(said, hostile.SECRET.encode())
            for name in ("id_token", "userinfo")
        }
        provider.seals = by_secret
        accepted = await sign_in(browser, provider)
    assert (refused.status_code, accepted.status_code) == (403, 303)
    assert provider.asked["/keys"] == 0


@pytest.mark.parametrize(
    "retour",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/" + "a" * 1000,
        "/é",
        "/a\\b",
        "/a\r\nSet-Cookie: x=y",
    ],
)
async def test_nobody_is_sent_elsewhere(
    browser: httpx2.AsyncClient, provider: Provider, world: None, retour: str
) -> None:
    reply = await sign_in(browser, provider, retour=retour)
    assert (reply.status_code, reply.headers["location"]) == (303, "/compte")


async def test_a_return_that_is_no_text_is_refused(
    browser: httpx2.AsyncClient, world: None
) -> None:
    reply = await browser.get("/connexion", params={"retour": "/%2f%2fevil.example\0"})
    assert (reply.status_code, "location" in reply.headers) == (400, False)


@pytest.mark.parametrize("retour", ["/", "/a/b?c=d&e=%C3%A9#f", "/%2f%2fevil.example", "/@evil"])
async def test_a_path_of_ours_is_gone_to(
    browser: httpx2.AsyncClient, provider: Provider, world: None, retour: str
) -> None:
    reply = await sign_in(browser, provider, retour=retour)
    assert unquote(reply.headers["location"]) == unquote(retour)


async def test_an_encoded_address_is_refused_once_decoded(
    browser: httpx2.AsyncClient, provider: Provider, world: None
) -> None:
    reply = await browser.get("/connexion?retour=%2F%2Fevil.example")
    provider.nonce = (asked := dict(parse_qsl(urlsplit(reply.headers["location"]).query)))["nonce"]
    back = await browser.get(f"/connexion/retour?code=c&state={asked['state']}")
    assert back.headers["location"] == "/compte"


async def test_who_has_no_role_is_shown_the_rule_and_the_way_out(
    browser: httpx2.AsyncClient, provider: Provider
) -> None:
    own = siren(99970000)
    provider.person |= {"siret": establishment(own), "organization_label": "Orme <b>"}
    reply = await sign_in(browser, provider, retour="/graphiql")
    assert (reply.status_code, reply.headers["location"]) == (303, "/compte")
    page = (await browser.get("/compte")).text
    for word in (establishment(own), "Orme &lt;b&gt;", "SIREN", "/espace/editeurs/inscription"):
        assert word in page
    made = await mutate(browser, "RegisterVendor", siren=own, name="Orme")
    assert made["__typename"] == "Vendor"
    assert "un éditeur" in (await browser.get("/compte")).text


async def test_pages_are_private_and_hold_nothing_inline(
    browser: httpx2.AsyncClient, provider: Provider
) -> None:
    await sign_in(browser, provider)
    for path in ("/compte", "/deconnexion", "/connexion/retour"):
        reply = await browser.get(path)
        assert reply.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert 'lang="fr"' in reply.text
        assert not [
            mark for mark in ("<script>", "<style", "style=", "onclick") if mark in reply.text
        ]
    style = await browser.get("/static/page.css")
    assert style.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/raccord.example"},
        {},
    ],
)
async def test_another_site_signs_nobody_out(
    browser: httpx2.AsyncClient, provider: Provider, headers: dict[str, str]
) -> None:
    await sign_in(browser, provider)
    reply = await sign_out(browser, headers=headers)
    assert reply.status_code == 403
    assert "Se déconnecter" in (await browser.get("/compte")).text
    assert (await browser.get("/deconnexion")).status_code == 200
    assert "Se déconnecter" in (await browser.get("/compte")).text


async def test_signing_out_everywhere(
    service: Service, browser: httpx2.AsyncClient, provider: Provider
) -> None:
    await sign_in(browser, provider)
    async with service.browser() as other:
        await sign_in(other, provider)
        await sign_out(browser, "partout=oui")
        assert "pas connecté" in (await other.get("/compte")).text


async def test_signing_out_needs_no_provider(
    browser: httpx2.AsyncClient, provider: Provider
) -> None:
    provider.discovery["end_session_endpoint"] = None
    await sign_in(browser, provider)
    out = await sign_out(browser, headers={"Origin": PUBLIC_URL})
    assert (out.status_code, "refresh" in out.headers) == (200, False)
    assert "pas connecté" in (await browser.get("/compte")).text


async def test_without_a_provider_there_is_no_sign_in(database: Database, nobody: Check) -> None:
    service = Service(database, configured("https://unused.example", proconnect_url=None))
    async with service.browser() as browser:
        for path in ("/connexion", "/connexion/retour?code=c&state=s", "/connexion/essai"):
            assert (await browser.get(path)).status_code == 404
    await nobody()


@pytest.mark.parametrize(
    "missing", ["public_url", "proconnect_client_id", "proconnect_client_secret"]
)
def test_half_a_configuration_is_refused(missing: str) -> None:
    with pytest.raises(room.NotConfigured, match="RACCORD_PUBLIC_URL"):
        room.configured(configured("https://issuer.example", **{missing: None}))


@pytest.mark.parametrize("url", ["http://issuer.example", "ftp://127.0.0.1", "issuer", "https://"])
def test_a_provider_is_reached_by_https(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        configured(url)


def test_none_is_no_algorithm() -> None:
    assert not {"none", "HS256"} & set(signatures.BY_KEY_PAIR)
    assert signing_in.local_path(None) == "/compte"
