"""The ledger tells of persons by digests alone, and can forget them."""

from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import models as models
from registry.database import Database
from registry.domain import record_values
from registry.domain.actor import ADMINISTRATOR, PUBLIC, Actor, Role
from registry.domain.verification import differences
from registry.embedded import Addresses
from tests.api.conftest import Ask, Token
from tests.factories import siren

OWN = siren(99970000)
FIRST, SECOND = "premier@orme.example", "second@orme.example"
PAYLOADS = "SELECT string_agg(convert_from(payload, 'UTF8'), '' ORDER BY seq) FROM ledger"


@pytest.fixture
async def vendor(write: Ask, token: Token, database: Database) -> int:
    """A vendor whose contact was one mailbox, then another."""
    by = await token(OWN)
    made = await write("RegisterVendor", by, siren=OWN, name="Orme", contact=FIRST)
    assert made["__typename"] == "Vendor", made
    edited = await write("EditVendor", by, siren=OWN, contact=SECOND, version=1)
    assert edited["__typename"] == "Vendor", edited
    async with database.read() as session:
        return int(await session.scalar(sa.text("SELECT id FROM vendor")) or 0)


async def erase(database: Database, vendor: int, value: str, by: Actor = ADMINISTRATOR) -> bool:
    async with database.transaction(by) as session:
        given = record_values.Value("vendor", vendor, "contact", value)
        return await record_values.erase(session, [given]) == 1


async def faults(database: Database) -> list[tuple[str, str]]:
    async with database.read(ADMINISTRATOR) as session:
        return [
            (name, fault)
            async for name, fault in differences(session)
            if fault and ("vendor" in name or "valeurs" in name)
        ]


async def contacts(ask: Ask) -> list[tuple[str | None, str | None]]:
    found = (await ask("VendorHistory", siren=OWN))["vendor"]["history"]["edges"]
    return [
        (change["before"], change["after"])
        for edge in found
        for change in edge["node"]["changes"]
        if change["field"] == "contact"
    ]


async def test_the_models_and_the_database_declare_the_same_columns(database: Database) -> None:
    declared = {
        (table.name, kind): sorted(
            column.name
            for column in table.columns
            if column.info.get("ledger") == kind or (kind == "unsaid" and column.name == "id")
        )
        for table in SQLModel.metadata.sorted_tables
        for kind in ("personal", "secret", "unsaid")
        if "id" in table.columns
    }
    async with database.read() as session:
        for (noun, kind), columns in declared.items():
            query = sa.text("SELECT ledger_columns(:noun, :kind)")
            known = await session.scalar(query, {"noun": noun, "kind": kind})
            assert sorted(known) == columns, (noun, kind)


async def test_history_tells_values_that_the_ledger_does_not_hold(
    vendor: int, ask: Ask, database: Database
) -> None:
    async with database.read() as session:
        said = str(await session.scalar(sa.text(PAYLOADS)))
    assert FIRST not in said
    assert SECOND not in said
    assert await contacts(ask) == [(FIRST, SECOND), (None, FIRST)]
    assert await faults(database) == []


async def test_what_is_erased_reads_so_and_the_rest_stays(
    vendor: int, ask: Ask, database: Database
) -> None:
    assert await erase(database, vendor, FIRST)
    assert not await erase(database, vendor, FIRST)
    assert await contacts(ask) == [("effacé", SECOND), (None, "effacé")]
    assert await faults(database) == []
    async with database.read(ADMINISTRATOR) as session:
        said = await session.scalar(
            sa.text(
                "SELECT CAST(convert_from(payload, 'UTF8') AS json) FROM ledger"
                " ORDER BY seq DESC LIMIT 1"
            )
        )
        kept = await session.scalars(sa.text("SELECT value FROM record_value"))
        assert (said["action"], said["noun"], said["id"]) == ("erase", "vendor", vendor)
        assert (said["column"], said["actor"]) == ("contact", "administrator")
        assert [*kept] == [SECOND]


async def test_a_value_keeps_its_salt_and_no_two_share_one(
    vendor: int, write: Ask, token: Token, database: Database
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("SELECT ledger_append('edit', 'vendor', :ids)"), {"ids": [vendor]}
        )
        kept = sa.text("SELECT salt FROM record_value WHERE noun = 'vendor'")
        salts = [*await session.scalars(kept)]
    assert len(salts) == 2 == len(set(salts))
    assert {len(salt) for salt in salts} == {32}


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("DELETE FROM record_value WHERE value = 'premier@orme.example'", True),
        ("UPDATE record_value SET value = 'autre@orme.example'", True),
        ("UPDATE record_value SET salt = sha256(salt)", True),
        ("UPDATE record_value SET subject_id = subject_id + 1", True),
        ("UPDATE record_value SET field = 'name'", True),
        (
            "INSERT INTO record_value (noun, subject_id, field, value, salt)"
            " SELECT noun, subject_id, field, 'autre@orme.example', salt FROM record_value LIMIT 1",
            True,
        ),
        ("UPDATE vendor SET contact = 'autre@orme.example'", True),
        ("UPDATE vendor SET contact = NULL", True),
        ("SELECT 1", False),
    ],
)
async def test_a_value_that_went_without_a_word_is_a_difference(
    vendor: int, database: Database, addresses: Addresses, statement: str, *, seen: bool
) -> None:
    owner = await asyncpg.connect(addresses.owner)
    try:
        await owner.execute(statement)
    finally:
        await owner.close()
    assert bool(await faults(database)) is seen


@pytest.mark.parametrize("role", [Role.MEMBER, Role.SIGN_IN, Role.PUBLIC])
async def test_only_the_ministry_and_the_terminal_erase(
    vendor: int, database: Database, role: Role
) -> None:
    with pytest.raises(DBAPIError, match="erased by the ministry"):
        await erase(database, vendor, FIRST, Actor(role, "account:1", OWN))


async def test_the_service_reads_what_is_public_and_writes_nothing(
    vendor: int, database: Database
) -> None:
    rows = sa.text("SELECT DISTINCT noun FROM record_value")
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "INSERT INTO delegation (siren, delegate_siren, email)"
                " VALUES ('999700009', '999900004', 'a@b.example')"
            )
        )
        await session.execute(
            sa.text("SELECT ledger_append('create', 'delegation', array_agg(id)) FROM delegation")
        )
    async with database.read(PUBLIC) as session:
        assert [*await session.scalars(rows)] == ["vendor"]
    async with database.read(ADMINISTRATOR) as session:
        assert {*await session.scalars(rows)} == {"vendor", "delegation"}
    for statement in (
        "DELETE FROM record_value",
        "UPDATE record_value SET value = ''",
        "INSERT INTO record_value (noun, subject_id, field, value, salt)"
        " VALUES ('vendor', 1, 'contact', 'x', sha256('x'))",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.transaction(ADMINISTRATOR) as session:
                await session.execute(sa.text(statement))


async def test_what_a_past_state_reads_outlives_an_erasure(
    vendor: int, ask: Ask, database: Database
) -> None:
    async with database.read() as session:
        entry = await session.scalar(sa.text("SELECT max(seq) FROM ledger"))
    assert await erase(database, vendor, FIRST)
    found: Any = await ask("Changes", sinceEntry=entry - 1, untilEntry=entry)
    assert found["changes"] is not None
