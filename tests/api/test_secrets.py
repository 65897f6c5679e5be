"""A token's secret is in the one answer that gives it, and nowhere else."""

import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from registry.auth import tokens
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.logs import JsonLines
from tests.api.conftest import OPERATIONS, Ask, Token
from tests.factories import siren

OWN = siren(99970000)
WANTED = {"name": "nuit", "scopes": ["READ", "DECLARE"], "days": 30, "idempotencyKey": "un"}
TABLES = sa.text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Every line that the service logs, at every level, as it is written and with its fields."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines().format(record) + repr(vars(record)))

    caplog.set_level(logging.DEBUG)
    for name in ("registry", "sqlalchemy.engine", "sqlalchemy.pool", "asyncio", "strawberry"):
        caplog.set_level(logging.DEBUG, name)
    kept = Kept()
    logging.getLogger().addHandler(kept)
    yield lines
    logging.getLogger().removeHandler(kept)


async def dumped(database: Database) -> str:
    async with database.read(ADMINISTRATOR) as session:
        names = [*await session.scalars(TABLES)]
        texts = [
            await session.scalar(
                sa.text(f"SELECT string_agg(CAST(rows AS text), ' ') FROM {name} AS rows")
            )
            for name in names
        ]
    return " ".join(text or "" for text in texts)


def forms(secret: str) -> set[str]:
    """As it may stand in a text or in bytes; its random part alone is as bad."""
    body = secret.removeprefix(tokens.PREFIX)[: tokens.RANDOM]
    return {body, body.encode().hex()}


async def test_a_secret_is_neither_stored_nor_logged(
    write: Ask, read_as: Ask, person: Token, database: Database, said: list[str]
) -> None:
    by = await person(OWN)
    created = await write("CreateToken", by, **WANTED)
    renewed = await write("RotateToken", by, id=created["token"]["id"], idempotencyKey="deux")
    secrets = [created["secret"], renewed["secret"]]
    answers = [
        await write("CreateToken", by, **WANTED),
        await write("CreateToken", by, **WANTED | {"days": 31}),
        await write("CreateToken", secrets[0], **WANTED | {"name": "jour", "days": 365}),
        await write("RotateToken", secrets[0], id=created["token"]["id"]),
        await read_as("Me", secrets[1]),
        await write("RevokeToken", secrets[1], id=renewed["token"]["id"]),
    ]
    assert [answer.get("__typename") for answer in answers] == [
        "IssuedToken",
        "KeyReused",
        "NotAllowed",
        "NotInThisState",
        None,
        "Token",
    ]
    kept = await dumped(database)
    digests = [tokens.digest(secret).hex() for secret in secrets]
    assert all(digest in kept for digest in digests)
    assert any("INSERT INTO token" in line for line in said)
    for secret in secrets:
        for form in forms(secret):
            assert form not in kept
            assert form not in "".join(said)
            assert form not in repr(answers)


@pytest.mark.parametrize("credential", ["revoked", "mistyped", "unknown", "cut", "not ascii"])
async def test_a_refused_credential_is_not_repeated(
    write: Ask, person: Token, client: httpx2.AsyncClient, said: list[str], credential: str
) -> None:
    by = await person(OWN)
    made = await write("CreateToken", by, **WANTED)
    await write("RevokeToken", by, id=made["token"]["id"])
    secret: str = made["secret"]
    sent = {
        "revoked": secret,
        "mistyped": secret[:-1] + ("0" if secret[-1] != "0" else "1"),
        "unknown": tokens.generate(),
        "cut": secret[:-4],
        "not ascii": secret[:-1] + "é",
    }[credential]
    said.clear()
    query = (OPERATIONS / "Me.graphql").read_text()
    reply = await client.post(
        "/graphql",
        json={"query": query},
        headers={"Authorization": f"Bearer {sent}".encode("latin-1")},
    )
    assert reply.status_code == 401
    assert reply.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert said
    for form in forms(sent):
        assert form not in reply.text + repr(reply.headers) + "".join(said)


async def test_a_bug_tells_nothing_of_the_caller_s_secret(
    write: Ask, person: Token, client: httpx2.AsyncClient, addresses: Addresses, said: list[str]
) -> None:
    """A server logs the traceback of what the door raises."""
    secret = (await write("CreateToken", await person(OWN), **WANTED))["secret"]
    said.clear()
    async with broken(addresses):
        with pytest.raises(DBAPIError, match="does not exist") as bug:
            await client.post(
                "/graphql",
                json={"query": "{ me { roles } }"},
                headers={"Authorization": f"Bearer {secret}"},
            )
    logged = "".join([*said, *traceback.format_exception(bug.value)])
    assert "Traceback" in logged
    for form in forms(secret):
        assert form not in logged


@asynccontextmanager
async def broken(addresses: Addresses) -> AsyncIterator[None]:
    owner = await asyncpg.connect(addresses.owner)
    try:
        await owner.execute("ALTER TABLE token RENAME COLUMN siret TO broken")
        yield
    finally:
        await owner.execute("ALTER TABLE token RENAME COLUMN broken TO siret")
        await owner.close()
