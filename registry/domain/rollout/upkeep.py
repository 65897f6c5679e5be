"""What is derived, brought up to date by the transaction that changes what it derives from.

Triggers mark in ``touched`` what each statement changes. A transaction takes the marks as the
last thing it does, in the ledger's turn: none derives from half of what another one writes. Where
marks are left, or another day has come, readers compute what they ask.

The service may not write the derived tables: a function of the database does, which holds the rule
as it is composed here. Another rule needs a migration that runs ``FUNCTION`` anew; a test says so.
"""

import re
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from models import BlockerCount, CollectiviteReadiness, CoverageCount, ProductVerdict
from registry.domain.clock import today
from registry.domain.rollout.blockers import Grouping, tallied
from registry.domain.rollout.coverage import counted
from registry.domain.rollout.readiness import STATE, with_readiness
from registry.domain.rollout.scope import Basis, of_bodies
from registry.domain.rollout.verdicts import STORED, VERDICTS

DERIVE = "SELECT refresh_derived(:day)"
MARKED = "EXISTS (SELECT FROM touched)"
ALWAYS = sa.text(DERIVE)
WHERE_MARKED = sa.text(f"{DERIVE} WHERE {MARKED}")
UNLESS_FOR_ALL = sa.text(
    f"{DERIVE} WHERE {MARKED} AND NOT EXISTS (SELECT FROM touched WHERE noun = 'campaign')"
)
WHERE_LATE = sa.text(f"{DERIVE} FROM derivation WHERE {MARKED} OR as_of <> :day")


async def settle(session: AsyncSession) -> None:
    """What this transaction changed, derived anew: the last thing that a transaction does."""
    await session.execute(WHERE_MARKED, {"day": today()})


async def settle_soon(session: AsyncSession) -> None:
    """Likewise where someone waits: what changes for everyone is left to who catches up, and
    readers compute meanwhile.
    """
    await session.execute(UNLESS_FOR_ALL, {"day": today()})


async def catch_up(session: AsyncSession) -> None:
    """What an older revision, a write past the program or the turn of a day left to do."""
    await session.execute(WHERE_LATE, {"day": today()})


async def derive(session: AsyncSession, day: date) -> None:
    """All that is marked, and all that changes from the day it was derived for to this one."""
    await session.execute(ALWAYS, {"day": day})


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

REFRESH_VERDICTS = f"""
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
    SELECT coalesce(array_agg(product_id), '{{}}') FROM (
        SELECT product_id, {MEANING} FROM moved EXCEPT SELECT product_id, {MEANING} FROM kept
    ) AS changed
"""
"""Those of the products that now mean something else for their clients."""


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


def _with_values(query: str, **values: str) -> str:
    """The query as a function has it, with its own variables for what the query binds."""
    for name, value in values.items():
        query = re.sub(rf"(?<!:):{name}\b", value, query)
    return query.strip()


def _refresh(basis: Basis) -> str:
    """The verdicts that it reads are those just refreshed."""
    query = f"{with_readiness(of_bodies(basis), STORED)}, {REFRESH_READINESS}"
    text = f"CAST('{basis}' AS text)"
    return _with_values(query, ids="bodies", basis=text, as_of="day", accepted="accepted") + ";"


FEW = 100
"""Bodies, up to which planning anew costs more than it gains: ten times what one body takes."""

FUNCTION = f"""
CREATE OR REPLACE FUNCTION refresh_derived(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
    accepted text[];
    derived_on date;
    for_all boolean;
    bodies bigint[];
    products bigint[];
    vendors bigint[];
    moved bigint[];
BEGIN
    -- In the ledger's turn; the next statement's snapshot sees what the lock waited for.
    PERFORM pg_advisory_xact_lock(7032022);
    SELECT accepted_services, as_of INTO accepted, derived_on FROM campaign CROSS JOIN derivation;
    WITH taken AS (DELETE FROM touched RETURNING noun, subject_id)
    SELECT coalesce(bool_or(noun = 'campaign'), false),
           coalesce(array_agg(DISTINCT subject_id) FILTER (WHERE noun = 'collectivite'), '{{}}'),
           coalesce(array_agg(DISTINCT subject_id) FILTER (WHERE noun = 'product'), '{{}}'),
           coalesce(array_agg(DISTINCT subject_id) FILTER (WHERE noun = 'vendor'), '{{}}')
    INTO for_all, bodies, products, vendors FROM taken;
    IF for_all OR derived_on <> day THEN
        products := ARRAY(SELECT id FROM product);
    ELSIF vendors <> '{{}}' THEN
        products := products || ARRAY(SELECT id FROM product WHERE vendor_id = ANY(vendors));
    END IF;
    IF products <> '{{}}' THEN
        {_with_values(REFRESH_VERDICTS, products="products", as_of="day", accepted="accepted")}
        INTO moved;
        bodies := bodies || ARRAY(
            SELECT DISTINCT collectivite_id FROM deployment WHERE product_id = ANY(moved));
    END IF;
    IF for_all THEN
        bodies := ARRAY(SELECT id FROM collectivite WHERE closed_on IS NULL
                        UNION SELECT collectivite_id FROM readiness);
    ELSIF derived_on <> day THEN
        -- Those for which something begins or ends between the two days.
        bodies := bodies || ARRAY(
            SELECT collectivite_id FROM deployment
            WHERE (since > least(derived_on, day) AND since <= greatest(derived_on, day))
               OR (until > least(derived_on, day) AND until <= greatest(derived_on, day))
            UNION
            SELECT collectivite_id FROM activation
            WHERE effective_on > least(derived_on, day)
              AND effective_on <= greatest(derived_on, day)
            UNION
            SELECT id FROM collectivite
            WHERE no_online_demarche_since > least(derived_on, day)
              AND no_online_demarche_since <= greatest(derived_on, day));
    END IF;
    IF bodies <> '{{}}' THEN
        bodies := ARRAY(SELECT DISTINCT unnest(bodies) ORDER BY 1);
        PERFORM set_config('plan_cache_mode',
            CASE WHEN cardinality(bodies) > {FEW} THEN 'force_custom_plan'
                 ELSE 'force_generic_plan' END, true);
        {"".join(map(_refresh, Basis))}
    END IF;
    UPDATE derivation SET as_of = day WHERE as_of <> day;
END
$body$
"""
