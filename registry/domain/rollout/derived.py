"""The derived tables against what they derive from, computed anew for the day they hold for."""

from collections.abc import AsyncIterator

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.rollout.blockers import Grouping, tallied
from registry.domain.rollout.coverage import Counts, counted
from registry.domain.rollout.readiness import STATE, with_readiness
from registry.domain.rollout.scope import STANDING, Basis, Bound, bind_all
from registry.domain.rollout.upkeep import VERDICT
from registry.domain.rollout.verdicts import VERDICTS

WAITING = """
    SELECT 'changements à prendre en compte (raccord work le fait) : ' || count(*)
    FROM touched HAVING count(*) > 0
"""
VERDICT_DIFFERENCE = f"""
    WITH {VERDICTS},
    computed AS (SELECT {VERDICT} FROM verdict),
    kept AS (SELECT {VERDICT} FROM product_verdict)
    SELECT 'logiciel ' || coalesce(kept.product_id, computed.product_id) || ' : '
           || coalesce(kept.verdict, 'rien') || ' au lieu de ' || coalesce(computed.verdict, 'rien')
    FROM (TABLE kept EXCEPT TABLE computed) AS kept
    FULL JOIN (TABLE computed EXCEPT TABLE kept) AS computed USING (product_id)
"""
BLOCKING = "blocked, blocked_alone, inhabitants, population, connected_clients"


async def differences(session: AsyncSession) -> AsyncIterator[tuple[str, str | None]]:
    """Each check's name with its first difference, or none where all agrees."""
    day = (await session.execute(STANDING)).one().derived_on
    yield "dérivation à jour", await session.scalar(sa.text(WAITING))
    bounds = {basis: await bind_all(session, day, basis) for basis in Basis}
    values = bounds[Basis.DECLARED].values
    yield "verdicts", await session.scalar(sa.text(f"{VERDICT_DIFFERENCE} LIMIT 1"), values)
    for basis, bound in bounds.items():
        for name, query in _checks(bound).items():
            yield (
                f"{name} ({basis.value})",
                await session.scalar(sa.text(f"{query} LIMIT 1"), bound.values),
            )


def _checks(bound: Bound) -> dict[str, str]:
    return {"états de préparation": _states(bound), "couverture": _coverage()} | {
        f"blocages par {noun}": _blockers(by)
        for by, noun in ((Grouping.PRODUCT, "logiciel"), (Grouping.VENDOR, "éditeur"))
    }


def _states(bound: Bound) -> str:
    return f"""
        {with_readiness(bound)},
        computed AS (SELECT id AS collectivite_id, {STATE} FROM state),
        kept AS (SELECT collectivite_id, {STATE} FROM readiness WHERE basis = :basis)
        SELECT 'collectivité ' || coalesce(kept.collectivite_id, computed.collectivite_id)
               || ' : rang ' || coalesce(CAST(kept.rank AS text), 'absent')
               || ' au lieu de ' || coalesce(CAST(computed.rank AS text), 'absent')
        FROM (TABLE kept EXCEPT TABLE computed) AS kept
        FULL JOIN (TABLE computed EXCEPT TABLE kept) AS computed USING (collectivite_id)
    """


STATES = "(SELECT 1 AS sign, * FROM readiness WHERE basis = :basis AND strata <> '{}') AS one"


def _coverage() -> str:
    """A set of strata that nobody is of any longer keeps a row of zeros."""
    counts = ", ".join(Counts.__slots__)
    return f"""
        WITH computed AS (SELECT strata, {counts} FROM ({counted(STATES)}) AS counted),
        kept AS (
            SELECT strata, {counts} FROM coverage_count WHERE basis = :basis AND total <> 0
        )
        SELECT array_to_string(strata, ', ') || ' : ' || side || ' ' || total
        FROM (SELECT 'compté' AS side, * FROM (TABLE kept EXCEPT TABLE computed) AS one
              UNION ALL
              SELECT 'attendu', * FROM (TABLE computed EXCEPT TABLE kept) AS other) AS different
    """


def _blockers(by: Grouping) -> str:
    return f"""
        WITH computed AS (
            SELECT subject_id, strata, {BLOCKING} FROM ({tallied(STATES, by)}) AS tallied
        ),
        kept AS (
            SELECT subject_id, strata, {BLOCKING} FROM blocker_count
            WHERE basis = :basis AND grouping = '{by}'
              AND (blocked <> 0 OR connected_clients <> 0)
        )
        SELECT subject_id || ' : ' || side || ' ' || blocked
        FROM (SELECT 'compté' AS side, * FROM (TABLE kept EXCEPT TABLE computed) AS one
              UNION ALL
              SELECT 'attendu', * FROM (TABLE computed EXCEPT TABLE kept) AS other) AS different
    """
