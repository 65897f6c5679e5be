import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR, PUBLIC, Actor, Role
from registry.domain.verification import RECORDED
from registry.embedded import Addresses


async def add_vendor(database: Database, siren: str = "999900004") -> int:
    async with database.transaction(ADMINISTRATOR) as session:
        identifier: int = await session.scalar(
            sa.text("INSERT INTO vendor (siren, name, search) VALUES (:s, 'V', 'v') RETURNING id"),
            {"s": siren},
        )
        await ledger.append(session, "create", "vendor", [identifier])
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
            await ledger.append(session, "create", "vendor", [identifier])
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


APPENDED = sa.text("SELECT ledger_append('edit', 'vendor', :ids)")
SAID = sa.text("""
    SELECT entry ->> 'actor', entry ->> 'organisation'
    FROM (SELECT CAST(convert_from(payload, 'UTF8') AS json) AS entry
          FROM ledger ORDER BY seq DESC LIMIT 1) AS last
""")
REFUSED = "42501"


async def sqlstate(database: Database, author: Actor, statement: str) -> str | None:
    """Of the refusal of a statement in a transaction of that author; None where there is none."""
    try:
        async with database.transaction(author) as session:
            await session.execute(sa.text(statement))
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", None)
    return None


@pytest.mark.parametrize(
    ("name", "organisation"), [("account:7", "999900004"), ("token:3", "130025265"), ("cli", None)]
)
async def test_an_entry_names_the_author_that_its_transaction_began_with(
    database: Database, name: str, organisation: str | None
) -> None:
    identifier = await add_vendor(database)
    async with database.transaction(Actor(Role.MEMBER, name, organisation)) as session:
        await session.execute(APPENDED, {"ids": [identifier]})
        assert (await session.execute(SAID)).one() == (name, organisation)


async def test_no_argument_says_who_acts(database: Database) -> None:
    async with database.read() as session:
        names = await session.scalars(
            sa.text(
                "SELECT unnest(proargnames) FROM pg_proc"
                " WHERE proname IN ('ledger_append', 'ledger_erase')"
            )
        )
    assert not {*names} & {"actor", "organisation", "account", "role"}
    undefined = "42883"
    forged = "SELECT ledger_append('forged', '130025265', 'edit', 'vendor', '{1}')"
    assert await sqlstate(database, ADMINISTRATOR, forged) == undefined


@pytest.mark.parametrize("author", [PUBLIC, Actor(Role.ADMINISTRATOR, "")])
async def test_nobody_writes_nothing(database: Database, author: Actor) -> None:
    identifier = await add_vendor(database)
    statement = f"SELECT ledger_append('edit', 'vendor', '{{{identifier}}}')"
    assert await sqlstate(database, author, statement) == REFUSED


async def test_a_transaction_that_says_nothing_is_refused(
    database: Database, addresses: Addresses
) -> None:
    identifier = await add_vendor(database)
    service = await asyncpg.connect(addresses.service)
    try:
        await service.execute("SET ROLE raccord_app")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="who acts"):
            await service.execute(f"SELECT ledger_append('edit', 'vendor', '{{{identifier}}}')")
    finally:
        await service.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ledger_append('edit', 'record_value', '{1}')",
        "SELECT ledger_append('edit', 'message', '{1}')",
        "SELECT ledger_append('erase', 'vendor', '{1}')",
        "SELECT ledger_write('erase', 'vendor', '{1}', 'contact')",
    ],
)
async def test_the_ledger_says_nothing_else(database: Database, statement: str) -> None:
    assert await sqlstate(database, ADMINISTRATOR, statement) == REFUSED


async def test_the_nouns_of_the_ledger_are_those_that_are_verified(database: Database) -> None:
    async with database.read() as session:
        assert {*await session.scalar(sa.text("SELECT ledger_nouns()"))} == {*RECORDED}


async def test_the_digests_of_many_records_are_computed_in_one_statement(
    database: Database, addresses: Addresses
) -> None:
    """No function is called for each row, however many there are."""
    calls = [await function_calls(addresses, rows) for rows in (5, 50)]
    assert 0 < calls[0] == calls[1]


async def function_calls(addresses: Addresses, rows: int) -> int:
    """How many calls of the ledger's functions an entry for each of these vendors takes."""
    superuser = await asyncpg.connect(addresses.superuser, database="raccord")
    transaction = superuser.transaction()
    await transaction.start()
    try:
        await superuser.execute(
            "SET LOCAL track_functions = 'all'; SET LOCAL raccord.actor = 'a';"
            " SET LOCAL raccord.role = 'ADMINISTRATOR'"
        )
        await superuser.execute(
            "WITH added AS ("
            " INSERT INTO vendor (siren, name, search, contact)"
            " SELECT 900000000 + n, 'V', 'v', 'c' || n || '@v.example'"
            f" FROM generate_series(1, {rows}) AS n RETURNING id)"
            " SELECT ledger_append('create', 'vendor', array_agg(id)) FROM added"
        )
        return int(
            await superuser.fetchval(
                "SELECT sum(pg_stat_get_xact_function_calls(oid)) FROM pg_proc"
                " WHERE pronamespace = 'public'::regnamespace"
            )
        )
    finally:
        await transaction.rollback()
        await superuser.close()
