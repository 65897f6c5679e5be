"""What is derived, brought up to date by the transaction that changes what it derives from.

Triggers mark in ``touched`` what each statement changes. A transaction takes the marks as the
last thing it does, in the ledger's turn: none derives from half of what another one writes. Where
marks are left, or another day has come, readers compute what they ask.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from models import BlockerCount, CollectiviteReadiness, CoverageCount, ProductVerdict
from registry.domain import ledger
from registry.domain.clock import today
from registry.domain.rollout.blockers import Grouping, tallied
from registry.domain.rollout.coverage import counted
from registry.domain.rollout.readiness import STATE, with_readiness
from registry.domain.rollout.scope import STANDING, Basis, bind_bodies
from registry.domain.rollout.verdicts import VERDICTS

MARKED = sa.text("SELECT EXISTS (SELECT FROM touched)")
MARKED_FOR_ALL = sa.text("SELECT EXISTS (SELECT FROM touched WHERE noun = 'campaign')")
TAKE = sa.text("""
    WITH taken AS (DELETE FROM touched RETURNING noun, subject_id)
    SELECT noun, array_agg(DISTINCT subject_id) AS ids FROM taken GROUP BY noun
""")
ALL_BODIES = sa.text("""
    SELECT id FROM collectivite WHERE closed_on IS NULL
    UNION SELECT collectivite_id FROM readiness
""")
ALL_PRODUCTS = sa.text("SELECT id FROM product")
PRODUCTS = sa.text("SELECT id FROM product WHERE id = ANY(:products) OR vendor_id = ANY(:vendors)")
USERS = sa.text("SELECT DISTINCT collectivite_id FROM deployment WHERE product_id = ANY(:products)")
CROSSED = sa.text("""
    SELECT collectivite_id FROM deployment
    WHERE (since > :earlier AND since <= :later) OR (until > :earlier AND until <= :later)
    UNION
    SELECT collectivite_id FROM activation
    WHERE effective_on > :earlier AND effective_on <= :later
    UNION
    SELECT id FROM collectivite
    WHERE no_online_demarche_since > :earlier AND no_online_demarche_since <= :later
""")
"""The collectivités for which something begins or ends between two days."""
DATE = sa.text("UPDATE derivation SET as_of = :day WHERE as_of <> :day")


async def settle(session: AsyncSession) -> None:
    """What this transaction changed, derived anew: the last thing that a transaction does."""
    if await session.scalar(MARKED):
        await derive(session, today())


async def settle_soon(session: AsyncSession) -> None:
    """Likewise where someone waits: what changes for everyone is left to who catches up, and
    readers compute meanwhile.
    """
    if await session.scalar(MARKED) and not await session.scalar(MARKED_FOR_ALL):
        await derive(session, today())


async def catch_up(session: AsyncSession) -> None:
    """What an older revision, a write past the program or the turn of a day left to do."""
    standing = (await session.execute(STANDING)).one()
    if standing.touched or standing.derived_on != today():
        await derive(session, today())


async def derive(session: AsyncSession, day: date) -> None:
    """All that is marked, and all that changes from the day it was derived for to this one."""
    await ledger.take_turn(session)
    standing = (await session.execute(STANDING)).one()
    taken = {row.noun: row.ids for row in await session.execute(TAKE)}
    if "campaign" in taken:
        bodies = set(await session.scalars(ALL_BODIES))
        await _refresh_verdicts(session, await session.scalars(ALL_PRODUCTS), day)
    else:
        bodies = set(taken.get("collectivite", ()))
        bodies |= await _crossed(session, standing.derived_on, day)
        products = await _products(session, taken, every=standing.derived_on != day)
        moved = await _refresh_verdicts(session, products, day)
        bodies |= set(await session.scalars(USERS, {"products": moved}))
    if bodies:
        for basis in Basis:
            await _refresh_readiness(session, sorted(bodies), basis, day)
    await session.execute(DATE, {"day": day})


async def _crossed(session: AsyncSession, derived_on: date, day: date) -> set[int]:
    if derived_on == day:
        return set()
    days = {"earlier": min(derived_on, day), "later": max(derived_on, day)}
    return set(await session.scalars(CROSSED, days))


async def _products(
    session: AsyncSession, taken: Mapping[str, Sequence[int]], *, every: bool
) -> Iterable[int]:
    if every:
        return await session.scalars(ALL_PRODUCTS)
    marked = {"products": taken.get("product", []), "vendors": taken.get("vendor", [])}
    return await session.scalars(PRODUCTS, marked) if any(marked.values()) else ()


async def _refresh_verdicts(session: AsyncSession, ids: Iterable[int], day: date) -> list[int]:
    """Those of the products that now mean something else for their clients."""
    products = list(ids)
    if not products:
        return []
    standing = (await session.execute(STANDING)).one()
    values = {"products": products, "as_of": day, "accepted": standing.accepted_services}
    return list(await session.scalars(REFRESH_VERDICTS, values))


async def _refresh_readiness(
    session: AsyncSession, ids: list[int], basis: Basis, day: date
) -> None:
    bound = await bind_bodies(session, ids, as_of=day, basis=basis)
    open_bodies = replace(bound, bodies=f"{bound.bodies} AND closed_on IS NULL")
    query = sa.text(f"{with_readiness(open_bodies)}, {REFRESH_READINESS}")
    await session.execute(query, bound.values)


def _columns(table: type[SQLModel]) -> str:
    return ", ".join(column.name for column in sa.inspect(table).columns)


def _or_update(table: type[SQLModel], change: str) -> str:
    """``change`` is what becomes of a ``{column}`` of a row that is there already."""
    mapper = sa.inspect(table)
    keys = [column.name for column in mapper.primary_key]
    changes = [
        f"{name} = {change.format(column=name)}"
        for name in (column.name for column in mapper.columns)
        if name not in keys
    ]
    return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(changes)}"


REPLACED, ADDED = "excluded.{column}", "kept.{column} + excluded.{column}"
VERDICT = _columns(ProductVerdict)
MEANING = "vendor_id, qualified, evidenced, declared_on IS NULL, verdict"
"""What of a verdict tells in the readiness of those who use the product."""

REFRESH_VERDICTS = sa.text(f"""
    WITH {VERDICTS},
    kept AS (SELECT {VERDICT} FROM product_verdict),
    moved AS (
        SELECT {VERDICT} FROM verdict WHERE product_id = ANY(:products)
        EXCEPT TABLE kept
    ),
    put AS (
        INSERT INTO product_verdict ({VERDICT}) TABLE moved
        {_or_update(ProductVerdict, REPLACED)}
    )
    SELECT product_id FROM (
        SELECT product_id, {MEANING} FROM moved EXCEPT SELECT product_id, {MEANING} FROM kept
    ) AS changed
""")


def _count_blockers(by: Grouping) -> str:
    return f"""
        INSERT INTO blocker_count AS kept (
            basis, grouping, subject_id, strata, blocked, blocked_alone, inhabitants, population,
            connected_clients
        )
        SELECT :basis, '{by}', tally.* FROM ({tallied("moved", by)}) AS tally
        {_or_update(BlockerCount, ADDED)}
    """


REFRESH_READINESS = f"""
    fresh AS (SELECT CAST(:basis AS text) AS basis, id AS collectivite_id, {STATE} FROM state),
    stored AS (
        SELECT basis, collectivite_id, {STATE} FROM readiness
        WHERE basis = :basis AND collectivite_id = ANY(:ids)
    ),
    after AS (TABLE fresh EXCEPT TABLE stored),
    before AS (TABLE stored EXCEPT TABLE fresh),
    put AS (
        INSERT INTO readiness (basis, collectivite_id, {STATE}) TABLE after
        {_or_update(CollectiviteReadiness, REPLACED)}
    ),
    gone AS (
        DELETE FROM readiness
        WHERE basis = :basis AND collectivite_id IN (
            SELECT collectivite_id FROM before EXCEPT SELECT collectivite_id FROM after
        )
    ),
    moved AS (
        SELECT 1 AS sign, after.* FROM after WHERE strata <> '{{}}'
        UNION ALL SELECT -1, before.* FROM before WHERE strata <> '{{}}'
    ),
    counts AS (
        INSERT INTO coverage_count AS kept ({_columns(CoverageCount)})
        SELECT :basis, total.* FROM ({counted("moved")}) AS total
        {_or_update(CoverageCount, ADDED)}
    ),
    product_counts AS ({_count_blockers(Grouping.PRODUCT)})
    {_count_blockers(Grouping.VENDOR)}
"""
