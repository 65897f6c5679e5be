"""What each may do to each table, by plain SQL as the service's role: the database's wall alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, PUBLIC, SIGN_IN, Actor
from registry.embedded import Addresses
from tests.api.test_matrix import world
from tests.conftest import reset

REFUSED = "42501"
KINDS = ("public", "vendor", "delegate", "town", "operator", "ministry", "sign_in", "administrator")


WALL = """
account                  ---- s--- ---- ---- ---- ---- SIU- SIUd
activation               S--- S-U- S-U- SIU- S--- SIUD S--- SIUD
allowed_siret            S--- S--- S--- S--- S--- SIU- S--- SIU-
blocker_count            S--- S--- S--- S--- S--- S--- S--- S---
bulk_declaration         S--- Siu- Siu- S--- S--- S--- S--- SIU-
campaign                 S--- S--- S--- S--- S--- SIU- S--- SIU-
collectivite             S--- S--- S--- S-u- S--- SIU- S--- SIU-
collectivite_former_code S--- S--- S--- S--- S--- SIUD S--- SIUD
commitment               S--- SiU- SiU- S--- S--- SIU- S--- SIU-
coverage_count           S--- S--- S--- S--- S--- S--- S--- S---
delegation               ---- SIU- ---- ---- ---- ---- S--- SIUD
deployment               S--- SiU- SiU- SiU- S-u- SIUD S--- SIUD
derivation               S--- S--- S--- S--- S--- S--- S--- S---
dispute                  S--- S--- S--- SIU- S--- SIU- S--- SIU-
dispute_transition       S--- SiU- SiU- SiU- S--- SIU- S--- SIU-
evidence                 S--- Siu- Siu- S--- S--- SIU- S--- SIUD
grant_claim              S--- S--- S--- SIU- S--- SIU- S--- SIU-
grant_claim_transition   S--- S--- S--- SiU- S--- SIU- S--- SIU-
idempotency_key          S--- SIUD SIUD SIUD SIUD SIUD SIUD SIUD
integration              S--- SIU- SIU- S--- S--- SIU- S--- SIU-
ledger                   S--- S--- S--- S--- S--- S--- S--- S---
message                  S--- SI-- SI-- SI-- SI-- SI-- SI-- SIUD
product                  S--- SIU- SIU- S--- S--- SIU- S--- SIU-
product_former_key       S--- SIU- SIU- S--- S--- SIUD S--- SIUD
product_verdict          S--- S--- S--- S--- S--- S--- S--- S---
readiness                S--- S--- S--- S--- S--- S--- S--- S---
schema_digest            S--- S--- S--- S--- S--- S--- S--- S---
sign_in_attempt          ---- ---- ---- ---- ---- ---- SIUD SIUD
software_request         S--- S--- S--- SIU- S--- SIU- S--- SIU-
target                   S--- S--- S--- S--- S--- SIU- S--- SIU-
territory                S--- S--- S--- S--- S--- SIU- S--- SIU-
token                    ---- SIU- ---- ---- ---- ---- S-U- SIU-
vendor                   S--- Siu- Siu- S--- S--- SIU- S--- SIU-
web_session              ---- ---- ---- ---- ---- ---- SIUD SIUD
write_quota              S--- SIUD SIUD SIUD SIUD SIUD SIUD SIUD
"""
"""For each table, what each of ``KINDS`` sees, inserts, updates and deletes: a capital letter for
all the rows of the registry, a small one for those that are its own. The vendor has a delegate.
"""
UNTRIED = {
    "record_value": "tests/api/test_personal_values.py",
    "touched": "tests/domain/test_rollout/test_upkeep.py",
}
"""Those without a row that may stay, and where they are tried."""


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]


TABLES = """
SELECT relname, array_agg(attname ORDER BY attnum) FILTER (
           WHERE attgenerated = '' AND attidentity = '') AS columns
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
GROUP BY relname ORDER BY relname
"""


MORE = (
    "INSERT INTO account (issuer, subject, siret, email)"
    " VALUES ('p', CAST(CAST(:n AS int) AS text), :siret, 'a@b.example')",
    "INSERT INTO web_session (digest, account_id, siret)"
    " SELECT sha256(convert_to(CAST(:siret AS text), 'UTF8')), id, siret"
    " FROM account WHERE siret = CAST(:siret AS text)",
    "INSERT INTO sign_in_attempt (state_digest, nonce, return_to)"
    " VALUES (sha256(convert_to(CAST(:siret AS text), 'UTF8')), 'n', '/')",
    "INSERT INTO evidence (digest, siren, media_type, size)"
    " VALUES (sha256('x'), :siren, 'image/png', 1)",
    "INSERT INTO bulk_declaration (noun, state, siren, actor, capacity, dry_run, accept_valid,"
    " digest, size) VALUES ('DEPLOYMENTS', 'DONE', :siren, 'a', 'VENDOR', true, true,"
    " sha256('x'), 1)",
    "INSERT INTO message (key, recipient, subject, body) VALUES (:siren, 'a@b.example', 's', 'b')",
    "INSERT INTO idempotency_key (actor, key, digest, noun, subject_id)"
    " VALUES (:siren, 'k', sha256('x'), 'vendor', 1)",
    "INSERT INTO write_quota (actor, window_start, used) VALUES (:siren, now(), 1)",
    "INSERT INTO product_former_key (vendor_siren, slug, product_id)"
    " SELECT CAST(:siren AS text), 'ancien', min(product.id) FROM product"
    " JOIN vendor ON vendor.id = vendor_id WHERE siren = CAST(:siren AS text) HAVING count(*) > 0",
    "INSERT INTO collectivite_former_code (former_code, collectivite_id)"
    " SELECT CAST(99990 + CAST(:n AS int) AS text), min(id) FROM collectivite",
    "INSERT INTO territory (kind, code, name, region)"
    " VALUES ('DEPARTEMENT', CAST(10 + CAST(:n AS int) AS text), 'n', '84')",
)
"""Rows of each table that the world leaves empty: the vendor's, and another's."""


@pytest.fixture(scope="module")
async def built(addresses: Addresses, shared_database: Database) -> world.World:
    await reset(addresses)
    async with shared_database.transaction(ADMINISTRATOR) as session:
        made = await world.build(session)
        own, other = (made.actors[name] for name in ("vendor", "other_vendor"))
        for statement in MORE:
            for place, holder in enumerate((own, other)):
                values = {"siren": holder.organisation, "siret": holder.siret, "n": place}
                names = {name for name in values if f":{name}" in statement}
                await session.execute(sa.text(statement), {name: values[name] for name in names})
    return made


@pytest.fixture(scope="module")
async def tables(built: world.World, addresses: Addresses) -> AsyncIterator[list[Table]]:
    owner = await asyncpg.connect(addresses.owner)
    try:
        yield [
            Table(
                row["relname"],
                tuple(row["columns"]),
                tuple(
                    kept["row"]
                    for kept in await owner.fetch(
                        f"SELECT to_jsonb(kept)::text AS row FROM {row['relname']} AS kept"
                    )
                ),
            )
            for row in await owner.fetch(TABLES)
        ]
    finally:
        await owner.close()


async def outcome(database: Database, actor: Actor, statement: str, **values: object) -> int:
    """The rows that a statement read or wrote, and is undone; -1 where the wall refused it."""
    try:
        async with database.transaction(actor, dry_run=True) as session:
            done = await session.execute(sa.text(statement), values)
            return len(done.all()) if done.returns_rows else done.rowcount
    except DBAPIError as error:
        return -1 if getattr(error.orig, "sqlstate", None) == REFUSED else 1


def letter(kind: str, done: int, of: int) -> str:
    if done <= 0:
        return "-"
    return kind.upper() if done == of else kind


async def allowed(database: Database, actor: Actor, table: Table) -> str:
    n = len(table.rows)
    seen = await outcome(database, actor, f"SELECT 1 FROM {table.name}")
    columns = ", ".join(table.columns)
    copy = (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns}"
        f" FROM jsonb_populate_record(CAST(NULL AS {table.name}), CAST(:row AS jsonb))"
    )
    added = [await outcome(database, actor, copy, row=row) for row in table.rows]
    changed = max(
        [
            await outcome(database, actor, f"UPDATE {table.name} SET {column} = {column}")
            for column in table.columns
        ]
    )
    removed = await outcome(database, actor, f"DELETE FROM {table.name}")
    return (
        letter("s", seen, n)
        + letter("i", sum(one > 0 for one in added), n)
        + letter("u", changed, n)
        + letter("d", removed, n)
    )


async def test_the_wall_stands_where_it_is_drawn(
    shared_database: Database, built: world.World, tables: list[Table]
) -> None:
    """Each fault: the table, then what is drawn, and what was found."""
    drawn = {name: cells for name, *cells in map(str.split, WALL.strip().splitlines())}
    assert {table.name for table in tables} == {*drawn, *UNTRIED}
    actors = {**built.actors, "public": PUBLIC, "sign_in": SIGN_IN, "administrator": ADMINISTRATOR}
    faults = []
    for table in tables:
        if table.name in drawn:
            found = [await allowed(shared_database, actors[kind], table) for kind in KINDS]
            if found != drawn[table.name]:
                faults.append(f"{table.name} {drawn[table.name]} {found}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("kind", KINDS)
async def test_no_table_is_emptied(
    shared_database: Database, built: world.World, tables: list[Table], kind: str
) -> None:
    actors = {**built.actors, "public": PUBLIC, "sign_in": SIGN_IN, "administrator": ADMINISTRATOR}
    for table in tables:
        statement = f"TRUNCATE {table.name} CASCADE"
        assert await outcome(shared_database, actors[kind], statement) == -1, table.name


async def test_each_function_says_where_it_looks(addresses: Addresses) -> None:
    """And what is temporary comes last there: a function of the owner's is not shown another's."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        faults = await owner.fetch(
            "SELECT oid::regprocedure::text FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS ("
            "  SELECT FROM unnest(proconfig) AS setting"
            "  WHERE setting LIKE 'search_path=%, pg_temp')"
        )
        guards = await owner.fetch(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'guard%'"
        )
        name = await owner.fetchval("SELECT current_user")
    finally:
        await owner.close()
    assert [row[0] for row in faults] == []
    assert len(guards) >= 3
    assert [row[0] for row in guards if f"CURRENT_USER <> '{name}'::name" not in row[0]] == []
