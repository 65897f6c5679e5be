"""How much each one writes in a minute, refused writes included."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from registry.app import create_app
from registry.auth import quotas
from registry.database import Database
from registry.settings import Settings
from tests.api.conftest import Ask, Token, Written
from tests.factories import siren

OWN, OTHER = siren(99970000), siren(99970001)


@pytest.fixture
async def client(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    """Three writes a day."""
    monkeypatch.setattr(quotas, "WINDOW", timedelta(days=1))
    transport = httpx2.ASGITransport(create_app(database, Settings(writes_per_minute=3)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        yield client


async def test_a_write_too_many_is_refused_and_writes_nothing(
    write: Ask, token: Token, written: Written
) -> None:
    by = await token(OWN)
    for _ in range(2):
        assert (await write("RegisterVendor", by, siren="1", name="Orme"))["code"] == (
            "BAD_USER_INPUT"
        )
    assert (await write("RegisterVendor", by, siren=OWN, name="Orme"))["siren"] == OWN
    before = await written()
    refused = await write("RegisterVendor", by, siren=OWN, name="Orme")
    assert (refused["__typename"], refused["code"]) == ("TooManyWrites", "RATE_LIMITED")
    assert "3 au plus" in refused["message"]
    assert 0 < refused["retryAfter"] <= 86_400
    assert await written() == before
    other = await token(OTHER)
    assert (await write("RegisterVendor", other, siren=OTHER, name="Frêne"))["siren"] == OTHER


async def test_each_mutation_of_a_document_counts(client: httpx2.AsyncClient, token: Token) -> None:
    fields = " ".join(
        f'a{number}: registerVendor(input: {{siren: "1", name: "a"}})'
        " { ... on Refusal { code } ... on TooManyWrites { retryAfter } }"
        for number in range(5)
    )
    headers = {"Authorization": f"Bearer {await token(OWN)}"}
    body = {"query": f"mutation {{ {fields} }}"}
    reply = await client.post("/graphql", json=body, headers=headers)
    codes = [answer["code"] for answer in reply.json()["data"].values()]
    assert codes == ["BAD_USER_INPUT"] * 3 + ["RATE_LIMITED"] * 2


async def test_a_file_counts_too(client: httpx2.AsyncClient, token: Token) -> None:
    headers = {"Authorization": f"Bearer {await token(OWN)}"}
    for _ in range(3):
        assert (await client.put("/bulk/nothing", headers=headers)).status_code == 404
    reply = await client.put("/bulk/nothing", headers=headers)
    (error,) = reply.json()["errors"]
    assert (reply.status_code, error["extensions"]["code"]) == (429, "RATE_LIMITED")
    assert reply.headers["retry-after"] == str(error["extensions"]["retryAfter"])


async def test_who_is_not_signed_in_counts_for_nobody(write: Ask) -> None:
    for _ in range(5):
        refused = await write("RegisterVendor", siren=OWN, name="Orme")
        assert refused["code"] == "UNAUTHENTICATED"
