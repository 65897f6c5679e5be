"""What is derived and kept: the oracle's answers, whatever happened since it was derived."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from sqlalchemy.exc import DBAPIError

from models import Demarche, Deployment
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.rollout import derived, upkeep
from registry.domain.rollout.coverage import Counts, measure
from registry.domain.rollout.readiness import STATE
from registry.domain.rollout.scope import Scope as AskedScope
from registry.domain.rollout.scope import bind
from registry.embedded import Addresses
from tests.domain.test_rollout.asking import as_asked, blockers_of, coverage_of
from tests.domain.test_rollout.loading import loaded
from tests.domain.test_rollout.test_against_oracle import GROUPINGS, questions, steadily
from tests.effort import examples
from tests.factories import add, add_world
from tests.oracle import Scope, World, blockers, coverage


@steadily
@given(questions())
async def test_kept_answers_are_those_of_the_oracle(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    world, asked = question
    async with loaded(database, world) as registry:
        await upkeep.derive(registry.session, today())
        for drawn in asked:
            scope = replace(drawn, as_of=today(), demarche=None)
            assert (await bind(registry.session, as_asked(scope))).stored
            assert await coverage_of(registry, scope) == coverage(world, scope), scope
            for by in GROUPINGS:
                assert await blockers_of(registry, scope, by) == blockers(world, scope, by), scope


@settings(steadily, max_examples=examples(60))
@given(questions(4))
async def test_another_day_is_derived_from_the_last_one(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    """Forwards and back, over what ends, begins or expires in between."""
    world, asked = question
    async with loaded(database, world) as registry:
        await upkeep.derive(registry.session, today())
        for day in (scope.as_of for scope in asked):
            await upkeep.derive(registry.session, day)
            found = [fault async for _, fault in derived.differences(registry.session)]
            assert [fault for fault in found if fault] == [], day


async def test_a_read_never_sees_what_is_out_of_date(database: Database) -> None:
    """A write past the program is marked by the database, and read at once."""
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
    before = await counts(database)
    bypassing = replace(database, settle=Database.settle)
    async with bypassing.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE deployment SET until = since"))
    waiting, *_ = await faults(database)
    assert waiting == "changements à prendre en compte (raccord work le fait) : 5"
    after = await counts(database)
    assert (before.no_known_software, after.no_known_software) == (3, after.total)
    async with database.transaction(ADMINISTRATOR) as session:
        await upkeep.catch_up(session)
    assert await faults(database) == []
    assert await counts(database) == after


CHANGES = {
    "product": "UPDATE product SET citizen_login = false WHERE slug = 'famille'",
    "seller": "UPDATE product SET vendor_id = (SELECT max(id) FROM vendor) WHERE slug = 'famille'",
    "integration": "UPDATE integration SET state = 'SUSPENDED' WHERE state = 'QUALIFIED'",
    "evidence": "UPDATE integration SET evidence_level = 'SELF_DECLARED'",
    "silence": "UPDATE integration SET declared_by = 'MINISTRY'",
    "commitment": "UPDATE commitment SET state = 'DECLINED' WHERE state = 'SIGNED'",
    "deployment": "UPDATE deployment SET until = since",
    "removal": "DELETE FROM deployment",
    "confirmation": "UPDATE deployment SET confirmed_by = NULL",
    "activation": "UPDATE activation SET state = 'SUSPENDED' WHERE state = 'IN_PRODUCTION'",
    "body": "UPDATE collectivite SET strata = '{EPCI}', population = 7 WHERE insee = '01005'",
    "closing": "UPDATE collectivite SET closed_on = '2024-01-01' WHERE insee = '01005'",
    "offline": "UPDATE collectivite SET no_online_demarche_since = NULL",
    "campaign": "UPDATE campaign SET accepted_services = '{FRANCECONNECT_V1}'",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_each_thing_that_it_depends_on_moves_it(
    addresses: Addresses, database: Database, change: str
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
    before = await contents(database)
    # The owner's own hand, then the service's next write: no path of the program changes most of
    # this alone.
    owner = await asyncpg.connect(addresses.owner)
    await owner.execute(CHANGES[change])
    await owner.close()
    async with database.transaction(ADMINISTRATOR) as session:
        await upkeep.settle(session)
    assert await faults(database) == []
    assert await contents(database) != before


async def test_what_changes_for_all_is_left_to_who_catches_up(database: Database) -> None:
    """A request could not wait for it; its answers are right meanwhile."""
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
    serving = replace(database, settle=upkeep.settle_soon)
    async with serving.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text(CHANGES["campaign"]))
    assert (await counts(database)).connected == 0
    async with serving.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text(CHANGES["offline"]))
    assert (await counts(database)).no_online_demarche == 0
    assert await faults(database) != []
    async with database.transaction(ADMINISTRATOR) as session:
        await upkeep.catch_up(session)
    assert await faults(database) == []


async def test_what_ends_tomorrow_counts_until_then(database: Database) -> None:
    tomorrow = today() + timedelta(days=1)
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
        rows = await session.scalars(sa.select(Deployment))
        for row in rows:
            if row.until is None:
                row.until = tomorrow
    assert (await counts(database, tomorrow)).no_known_software == 8
    assert (await counts(database)).no_known_software == 3
    async with database.transaction(ADMINISTRATOR) as session:
        await upkeep.derive(session, tomorrow)
    assert (await counts(database)).no_known_software == 3
    assert (await counts(database, tomorrow)).no_known_software == 8


async def test_only_what_moves_is_written_again(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add_world(session)
    before = await written(database)
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE deployment SET operator = '200000008'"))
    assert await written(database) == before
    async with database.transaction(ADMINISTRATOR) as session:
        town = sa.text("SELECT id FROM collectivite WHERE insee = '01006'")
        used = sa.text("SELECT id FROM product WHERE slug = 'mairie'")
        link = Deployment(
            collectivite_id=await session.scalar(town),
            product_id=await session.scalar(used),
            demarche=Demarche.ETAT_CIVIL,
            since=date(2024, 1, 1),
            declared_by="MINISTRY",
        )
        await add(session, link)
    assert len(await written(database) - before) == 2


async def counts(database: Database, day: date | None = None) -> Counts:
    async with database.read() as session:
        return (await measure(session, AskedScope(as_of=day))).total.counts


async def contents(database: Database) -> list[tuple[object, ...]]:
    query = sa.text(f"SELECT {STATE} FROM readiness ORDER BY basis, collectivite_id")
    async with database.read() as session:
        return [tuple(row) for row in await session.execute(query)]


async def faults(database: Database) -> list[str]:
    async with database.read() as session:
        return [fault async for _, fault in derived.differences(session) if fault]


async def written(database: Database) -> set[tuple[str, int, str]]:
    """The rows of readiness, each with the transaction that wrote it."""
    query = sa.text("SELECT basis, collectivite_id, CAST(xmin AS text) FROM readiness")
    async with database.read() as session:
        return {tuple(row) for row in await session.execute(query)}


async def test_the_database_refreshes_by_the_rule_as_it_is_composed(
    database: Database, addresses: Addresses
) -> None:
    """Otherwise a new migration has to run the text of ``upkeep.FUNCTION``."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        async with owner.transaction():
            query = "SELECT prosrc FROM pg_proc WHERE proname = 'refresh_derived'"
            migrated = await owner.fetchval(query)
            await owner.execute(upkeep.FUNCTION)
            assert await owner.fetchval(query) == migrated
    finally:
        await owner.close()


@pytest.mark.parametrize(
    "table",
    ["derivation", "touched", "product_verdict", "readiness", "coverage_count", "blocker_count"],
)
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "TRUNCATE {}", "INSERT INTO {} DEFAULT VALUES"]
)
async def test_the_service_can_not_write_what_is_derived(
    database: Database, table: str, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction(ADMINISTRATOR) as session:
            await session.execute(sa.text(statement.format(table)))
