"""What a load keeps beside the registry while it goes on."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.exchange import temporary


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMP TABLE mine (id bigint)",
        "CREATE TEMP VIEW mine AS SELECT 1",
        "CREATE TABLE mine (id bigint)",
        "SELECT create_temporary('vendor', '{id}', '{bigint}', NULL)",
        "SELECT create_temporary('pg_class', '{id}', '{bigint}', NULL)",
    ],
)
async def test_the_service_makes_no_table_that_stands_for_another(
    database: Database, statement: str
) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction(ADMINISTRATOR) as session:
            await session.execute(sa.text(statement))
    assert getattr(refused.value.orig, "sqlstate", None) == "42501"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT create_temporary('mine', '{id}', '{\"bigint); DROP TABLE ledger; --\"}', NULL)",
        "SELECT create_temporary('mine', '{id}', '{nothing}', NULL)",
    ],
)
async def test_a_type_is_a_type_and_nothing_more(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.transaction(ADMINISTRATOR) as session:
            await session.execute(sa.text(statement))
    async with database.read() as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM ledger"))


async def test_a_table_has_what_its_query_selects_and_goes_with_its_transaction(
    database: Database,
) -> None:
    query = """
        SELECT CAST(n AS bigint) AS number, ARRAY['é', 'z'] AS words
        FROM generate_series(1, CAST(:last AS bigint)) AS n
    """
    async with database.transaction(ADMINISTRATOR) as session:
        for last in (2, 3):
            await temporary.create_from(session, "counted", query, last=last)
        await temporary.analyze(session, "counted")
        rows = (await session.execute(sa.text("SELECT * FROM counted ORDER BY number"))).all()
        assert [tuple(row) for row in rows] == [(n, ["é", "z"]) for n in (1, 2, 3)]
    async with database.read() as session:
        assert await session.scalar(sa.text("SELECT to_regclass('pg_temp.counted')")) is None
