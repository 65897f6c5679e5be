import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses


async def add_vendor(database: Database, siren: str = "999900004") -> int:
    async with database.transaction(ADMINISTRATOR) as session:
        identifier: int = await session.scalar(
            sa.text("INSERT INTO vendor (siren, name, search) VALUES (:s, 'V', 'v') RETURNING id"),
            {"s": siren},
        )
        await ledger.append(session, ADMINISTRATOR, "create", "vendor", [identifier])
    return identifier


async def test_an_entry_holds_the_record_and_its_hash(database: Database) -> None:
    identifier = await add_vendor(database)
    async with database.read() as session:
        row = (
            await session.execute(
                sa.text(
                    "SELECT subject_id, noun, convert_from(payload, 'UTF8')::json AS payload,"
                    " leaf_hash = sha256(payload) AS hashed FROM ledger ORDER BY seq DESC LIMIT 1"
                )
            )
        ).one()
    assert (row.subject_id, row.noun, row.hashed) == (identifier, "vendor", True)
    assert row.payload["actor"] == "administrator"
    assert row.payload["record"]["siren"] == "999900004"
    assert "search" not in row.payload["record"]


async def test_a_rolled_back_write_leaves_no_entry_and_no_gap(database: Database) -> None:
    async with database.read() as session:
        before = await session.scalar(sa.text("SELECT max(seq) FROM ledger"))
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(ADMINISTRATOR) as session:
            identifier = await session.scalar(
                sa.text(
                    "INSERT INTO vendor (siren, name, search)"
                    " VALUES ('999900004', 'V', 'v') RETURNING id"
                )
            )
            await ledger.append(session, ADMINISTRATOR, "create", "vendor", [identifier])
            raise ZeroDivisionError
    await add_vendor(database)
    async with database.read() as session:
        numbers = (
            (await session.execute(sa.text("SELECT seq FROM ledger ORDER BY seq"))).scalars().all()
        )
    assert list(numbers) == list(range(1, before + 2))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET noun = 'x'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "INSERT INTO ledger (seq, noun, subject_id, payload) VALUES (99, 'x', 1, 'x')",
        "UPDATE integration SET state = 'NONE'",
        "DELETE FROM integration",
        "UPDATE commitment SET effective_on = '2020-01-01'",
        "DELETE FROM vendor",
    ],
)
async def test_the_service_can_not_rewrite_what_was_said(
    database: Database, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction(ADMINISTRATOR) as session:
            await session.execute(sa.text(statement))


@pytest.mark.parametrize("statement", ["UPDATE ledger SET noun = 'x'", "DELETE FROM ledger"])
async def test_not_even_the_owner_rewrites_the_ledger(
    database: Database, addresses: Addresses, statement: str
) -> None:
    owner = await asyncpg.connect(addresses.owner)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)
    finally:
        await owner.close()
