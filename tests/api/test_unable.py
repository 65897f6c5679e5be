"""A database or a disk that can't be written to is told with its reason, and not ready."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from registry import opening
from registry.app import create_app
from registry.database import Database, DatabaseUnable, connected
from registry.domain.rollout.upkeep import settle
from registry.embedded import Addresses
from registry.settings import ROOT, Settings
from tests.api.conftest import Token, credentials
from tests.api.sides import EBENE

EDIT = (ROOT / "graphql" / "operations" / "EditVendor.graphql").read_text()
ACCEPT = {"accept": "application/graphql-response+json"}
FULL = """
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $body$;
CREATE TRIGGER full_disk BEFORE UPDATE ON vendor FOR EACH ROW EXECUTE FUNCTION fill();
"""
EMPTY = "DROP TRIGGER full_disk ON vendor; DROP FUNCTION fill();"
WITHOUT_MEMORY = """
CREATE FUNCTION exhaust() RETURNS int LANGUAGE plpgsql AS $body$
BEGIN RAISE EXCEPTION 'out of memory' USING ERRCODE = 'out_of_memory'; END $body$
"""
READ_ONLY = "ALTER DATABASE raccord SET default_transaction_read_only = on"
WRITABLE = "ALTER DATABASE raccord RESET default_transaction_read_only"

Ask = Callable[[], Awaitable[httpx2.Response]]


def client_of(database: Database, settings: Settings | None = None) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(create_app(database, settings or Settings()))
    return httpx2.AsyncClient(transport=transport, base_url="http://registry")


async def edit(client: httpx2.AsyncClient, by: str) -> httpx2.Response:
    given: dict[str, Any] = {"siren": EBENE, "version": 1, "name": "Ébène Numérique"}
    return await client.post(
        "/graphql",
        json={"query": EDIT, "variables": {"input": given}},
        headers=ACCEPT | credentials(by),
    )


def check_unable(reply: httpx2.Response, reason: str) -> None:
    (error,) = reply.json()["errors"]
    assert (reply.status_code, error["extensions"]) == (503, {"code": "UNAVAILABLE"})
    assert "retry-after" in reply.headers
    assert reason in error["message"]


@pytest.mark.usefixtures("world")
async def test_a_full_disk_refuses_a_write_with_its_reason_and_writes_nothing(
    database: Database, addresses: Addresses, token: Token
) -> None:
    by = await token(EBENE)
    owner = await asyncpg.connect(addresses.owner)
    await owner.execute(FULL)
    try:
        async with client_of(database) as client:
            check_unable(await edit(client, by), "disque est plein")
    finally:
        await owner.execute(EMPTY)
        await owner.close()
    async with client_of(database) as client:
        edited = (await edit(client, by)).json()["data"]["editVendor"]
        assert edited["__typename"] == "Vendor", edited


async def test_an_answer_of_one_statement_is_refused_with_the_same_reason(
    database: Database, addresses: Addresses
) -> None:
    owner = await asyncpg.connect(addresses.owner)
    await owner.execute(WITHOUT_MEMORY)
    try:
        with pytest.raises(DatabaseUnable, match="manque de mémoire"):
            await database.value("SELECT exhaust()", [])
    finally:
        await owner.execute("DROP FUNCTION exhaust()")
        await owner.close()


@pytest.mark.usefixtures("world")
async def test_a_database_in_read_only_answers_reads_refuses_writes_and_is_not_ready(
    addresses: Addresses, token: Token
) -> None:
    by = await token(EBENE)
    administrator = await asyncpg.connect(addresses.superuser)
    await administrator.execute(READ_ONLY)
    try:
        async with (
            connected(addresses.service, settle=settle) as database,
            client_of(database) as client,
        ):
            read = await client.post("/graphql", json={"query": "{ vendors { totalCount } }"})
            assert read.json()["data"]["vendors"]["totalCount"]
            check_unable(await edit(client, by), "lecture seule")
            ready = await client.get("/readyz")
            assert (ready.status_code, "lecture seule" in ready.text) == (503, True)
    finally:
        await administrator.execute(WRITABLE)
        await administrator.close()


async def test_a_disk_without_room_for_evidence_is_not_ready(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(evidence_dir=tmp_path / "evidence", uploads_dir=tmp_path / "uploads")
    async with client_of(database, settings) as client:
        assert (await client.get("/readyz")).status_code == 200
        monkeypatch.setattr(opening, "LEAST_FREE", shutil.disk_usage(tmp_path).total + 1)
        ready = await client.get("/readyz")
        assert (ready.status_code, "plein" in ready.text) == (503, True)


async def test_a_folder_that_cannot_be_written_is_not_ready(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(evidence_dir=tmp_path / "evidence", uploads_dir=tmp_path / "uploads")
    monkeypatch.setattr("registry.opening.os.access", lambda *_: False)
    async with client_of(database, settings) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, "ne peut pas être écrit" in ready.text) == (503, True)
