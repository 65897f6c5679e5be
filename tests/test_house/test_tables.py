"""The models and the migrations say the same."""

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel

import models as models
from models import Derived
from models.migrations import HEAD
from registry.database import alembic_configuration
from registry.embedded import Addresses
from registry.settings import ROOT
from tests.test_house.reading import MIGRATIONS, none_of

CONSTRAINTS = """
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint
WHERE connamespace = current_schema()::regnamespace AND conrelid <> 0
  AND conrelid::regclass::text <> 'alembic_version'
"""
INDEXES = """
SELECT replace(pg_get_indexdef(indexrelid), current_schema() || '.', '')
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = current_schema()::regnamespace AND relname <> 'alembic_version'
"""
COLUMNS = """
SELECT concat_ws(' ', table_name, column_name, data_type, udt_name, collation_name, is_nullable,
                 column_default, is_identity, identity_generation, generation_expression)
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
  AND table_name <> 'alembic_version'
"""


def test_the_ledger_can_name_every_record() -> None:
    faults = [
        table.name
        for table in SQLModel.metadata.tables.values()
        if table.name not in {"ledger", *(kind.__tablename__ for kind in Derived.__subclasses__())}
        and not ("id" in table.columns and isinstance(table.columns["id"].type, sa.BigInteger))
    ]
    none_of(faults, "A table has a bigint id, which its ledger entries name: use models.base.Base.")


def test_migrations_have_one_end() -> None:
    heads = ScriptDirectory(str(ROOT / "models" / "migrations")).get_heads()
    assert len(heads) == 1, f"{heads}: set down_revision of one to the other."
    assert heads == [HEAD], "Set models.migrations.HEAD to the last revision."


async def test_the_migrated_database_is_that_of_the_models(addresses: Addresses) -> None:
    """Alembic does not compare checks: the models' own tables are made beside, and rolled back."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(addresses.owner)
    )
    async with engine.connect() as connection:
        await connection.run_sync(check_revision)
        migrated = await described(connection)
        await connection.execute(sa.text("CREATE SCHEMA expected"))
        await connection.execute(sa.text("SET LOCAL search_path TO expected"))
        await connection.run_sync(SQLModel.metadata.create_all, checkfirst=False)
        expected = await described(connection)
        await connection.rollback()
    await engine.dispose()
    faults = [f"only in the models: {line}" for line in sorted(expected - migrated)]
    faults += [f"only in the migrations: {line}" for line in sorted(migrated - expected)]
    none_of(faults, "Write a migration in models/migrations/versions/.")


def check_revision(connection: sa.Connection) -> None:
    try:
        command.check(alembic_configuration(connection))
    except CommandError as difference:
        pytest.fail(f"Write a migration in {MIGRATIONS}: {difference}")


async def described(connection: AsyncConnection) -> set[str]:
    found: set[str] = set()
    for query in (CONSTRAINTS, INDEXES, COLUMNS):
        found.update(await connection.scalars(sa.text(query.replace("::", "\\:\\:"))))
    return found
