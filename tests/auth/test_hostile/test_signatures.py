"""Texts that nobody of ours signed."""

import json
from collections.abc import Callable

import httpx2
import pytest
from joserfc.jwk import RSAKey

from registry.database import Database
from tests.auth import hostile
from tests.auth.conftest import Check, Service, configured, refused, sign_in
from tests.auth.hostile import (
    DEEP,
    KEY,
    OTHER,
    SECRET,
    Claims,
    Provider,
    public,
    sealed_by_hand,
    sealed_by_secret,
    signed,
    unsigned,
)

KID = KEY.kid
PEM = KEY.as_pem(private=False)


Seal = Callable[[Claims], str]


SEALS: dict[str, Seal] = {
    "algorithm none": unsigned,
    "algorithm none with our key's name": lambda said: unsigned(said, kid=KID),
    "algorithm None": lambda said: unsigned(said, "None"),
    "no signature": lambda said: signed(said).rpartition(".")[0] + ".",
    "the public key as a secret": lambda said: sealed_by_secret(said, PEM, kid=KID),
    "the public key's JWK as a secret": lambda said: sealed_by_secret(
        said, json.dumps(public(KEY)).encode(), kid=KID
    ),
    "the client's secret, where settings don't say so": lambda said: sealed_by_secret(
        said, SECRET.encode()
    ),
    "an unknown key": lambda said: signed(said, OTHER),
    "an unknown key under our key's name": lambda said: signed(
        said, RSAKey.import_key(OTHER.as_dict(private=True) | {"kid": KID})
    ),
    "a key given in the text": lambda said: signed(said, OTHER, kid=KID, jwk=public(OTHER)),
    "a key given by an address": lambda said: signed(said, OTHER, jku="https://evil.example/keys"),
    "an algorithm of another kind of key": lambda said: replaced_header(signed(said), alg="ES256"),
    "an algorithm that is a list": lambda said: replaced_header(signed(said), alg=["RS256"]),
    "an algorithm that nobody knows": lambda said: replaced_header(signed(said), alg="XX1"),
    "an extension that must be understood": lambda said: sealed_by_hand(
        said, crit=["evil"], evil=1
    ),
    "claims changed after the signature": lambda said: replaced_claims(signed(said), said),
    "cut short": lambda said: signed(said)[:-20],
    "cut in its claims": lambda said: signed(said)[: len(signed(said)) // 2],
    "two parts": lambda said: signed(said).rpartition(".")[0],
    "five parts, encrypted": lambda said: "a.b.c.d.e",
    "nothing": lambda said: "",
    "no base64": lambda said: "%%%.###.!!!",
    "claims that are a list": lambda said: signed([said]),
    "claims that are no JSON": lambda said: signed(b"{"),
    "claims that are no text": lambda said: signed(b"\xff\xfe"),
    "claims in claims in claims": lambda said: signed(DEEP),
    "a long header": lambda said: sealed_by_hand(said, x5u="x" * 2000),
}


def replaced_header(text: str, **header: object) -> str:
    _, rest = text.split(".", 1)
    return f"{hostile.encoded(json.dumps({'kid': KID} | header).encode())}.{rest}"


def replaced_claims(text: str, claims: Claims) -> str:
    header, _, signature = text.split(".")
    return f"{header}.{hostile.encoded(json.dumps(claims | {'siret': 'x'}).encode())}.{signature}"


@pytest.mark.parametrize("text", ["id_token", "userinfo"])
@pytest.mark.parametrize("lie", SEALS)
async def test_signatures(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, text: str, lie: str
) -> None:
    provider.seals[text] = SEALS[lie]
    await refused(await sign_in(browser, provider), nobody)


@pytest.mark.parametrize("lie", ["algorithm none", "the public key as a secret"])
async def test_signatures_where_the_secret_signs(
    database: Database, provider: Provider, nobody: Check, lie: str
) -> None:
    provider.seals = {"id_token": SEALS[lie], "userinfo": SEALS[lie]}
    service = Service(database, configured(provider.url, proconnect_hs256=True))
    async with service.browser() as browser:
        await refused(await sign_in(browser, provider), nobody)


async def test_a_secret_among_the_public_keys_signs_nothing(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check
) -> None:
    published = {"kty": "oct", "kid": "shared", "k": hostile.encoded(b"k" * 32)}
    provider.keys.append(published)
    provider.seals = dict.fromkeys(
        ("id_token", "userinfo"), lambda said: sealed_by_secret(said, b"k" * 32, kid="shared")
    )
    await refused(await sign_in(browser, provider), nobody)


@pytest.mark.parametrize(
    "keys", [[], [1], [{}], [{"kty": "RSA"}], [{"kty": "EC", "crv": "P-256", "x": 1, "y": "!"}]]
)
async def test_keys_that_are_none(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, keys: list[object]
) -> None:
    provider.keys = keys
    await refused(await sign_in(browser, provider), nobody)


async def test_a_key_for_another_use(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check
) -> None:
    provider.keys = [public(KEY) | {"use": "enc"}]
    await refused(await sign_in(browser, provider), nobody)


async def test_by_hand_our_key_is_good(browser: httpx2.AsyncClient, provider: Provider) -> None:
    provider.seals["userinfo"] = hostile.sealed_by_hand
    assert (await sign_in(browser, provider)).status_code == 303


async def test_nothing_of_a_person_is_logged(
    browser: httpx2.AsyncClient, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        provider.seals["userinfo"] = unsigned
        await sign_in(browser, provider)
        provider.seals.clear()
        await sign_in(browser, provider)
    lines = [json.dumps(record.__dict__, default=str) for record in caplog.records]
    assert any("sign-in refused" in line for line in lines)
    ours = [line for line in lines if '"name": "registry' in line]
    assert not [line for line in ours if "alix" in line.lower() or "opaque" in line]
