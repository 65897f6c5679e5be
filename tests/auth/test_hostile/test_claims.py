"""Texts that are well signed, and say what can't be."""

import time

import httpx2
import pytest

from tests.auth import hostile
from tests.auth.conftest import Check, refused, sign_in
from tests.auth.hostile import (
    Claims,
    Provider,
)
from tests.factories import establishment, siren

NOW = int(time.time())
HOUR = 3600


CLAIMS: dict[str, Claims] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "several issuers": {"iss": ["https://evil.example"]},
    "another audience": {"aud": "another"},
    "no audience": {"aud": None},
    "an audience that is a number": {"aud": 1},
    "several audiences and no party": {"aud": [hostile.CLIENT, "another"]},
    "several audiences, for another party": {"aud": [hostile.CLIENT, "another"], "azp": "another"},
    "one audience, for another party": {"azp": "another"},
    "expired": {"exp": NOW - HOUR},
    "an end in words": {"exp": "tomorrow"},
    "an end that is no number": {"exp": float("nan")},
    "not yet valid": {"nbf": NOW + HOUR},
    "issued in the future": {"iat": NOW + HOUR},
    "no subject": {"sub": None},
    "a subject that is a number": {"sub": 1},
    "an empty subject": {"sub": ""},
}
ID_TOKEN_CLAIMS: dict[str, Claims] = CLAIMS | {
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "several nonces": {"nonce": ["x"]},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "another subject": {"sub": "camille"},
}
USERINFO_CLAIMS: dict[str, Claims] = CLAIMS | {"another subject": {"sub": "camille"}}


SIRETS: dict[str, object] = {
    "wrong check digit": establishment(siren(99990000))[:-1] + "9",
    "13 digits": establishment(siren(99990000))[:-1],
    "15 digits": establishment(siren(99990000)) + "0",
    "a SIREN": siren(99990000),
    "digits of another script": "٩٩٩٩٠٠٠٠٤٠٠٠١٤",
    "full-width digits": "９９９９００００４０００１４",
    "a number": int(establishment(siren(99990000))),
    "a list": [establishment(siren(99990000))],
    "nothing": None,
    "blank": "",
    "markup": "<script>alert(1)</script>",
    "two of them": f"{establishment(siren(99990000))},{establishment(siren(99990001))}",
    "a NUL": establishment(siren(99990000)) + "\0",
}
PEOPLE: dict[str, Claims] = {
    "no address": {"email": None},
    "an address that is none": {"email": "alix"},
    "two addresses": {"email": "alix@ebene.example, camille@ebene.example"},
    "an address on two lines": {"email": "alix@ebene.example\nBcc: x@evil.example"},
    "an address that is a list": {"email": ["alix@ebene.example"]},
}


@pytest.mark.parametrize("lie", ID_TOKEN_CLAIMS)
async def test_claims_of_an_id_token(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, lie: str
) -> None:
    provider.identity = ID_TOKEN_CLAIMS[lie]
    await refused(await sign_in(browser, provider), nobody)


@pytest.mark.parametrize("lie", USERINFO_CLAIMS)
async def test_claims_of_userinfo(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, lie: str
) -> None:
    provider.person |= USERINFO_CLAIMS[lie]
    await refused(await sign_in(browser, provider), nobody)


@pytest.mark.parametrize("lie", SIRETS)
async def test_establishments(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, lie: str
) -> None:
    provider.person["siret"] = SIRETS[lie]
    reply = await sign_in(browser, provider)
    await refused(reply, nobody)
    assert "SIRET" in reply.text
    assert "Ébène Logiciels" in reply.text
    assert "<script>" not in reply.text


@pytest.mark.parametrize("lie", PEOPLE)
async def test_people(
    browser: httpx2.AsyncClient, provider: Provider, nobody: Check, lie: str
) -> None:
    provider.person |= PEOPLE[lie]
    reply = await sign_in(browser, provider)
    await refused(reply, nobody)
    assert establishment(siren(99990000)) in reply.text
