"""What would be ready if some software became so; nothing else changes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.rollout.coverage import (
    Counts,
    Coverage,
    counted,
    measure_bound,
    own_counts,
)
from registry.domain.rollout.fixes import Fixes, catalogue, known, with_fixed_state
from registry.domain.rollout.scope import Bound, Scope, bind

AS_COUNTED = "strata, rank, prefilled, one.evidenced, declared, offline"


@dataclass(frozen=True, slots=True)
class Simulation:
    before: Coverage
    after: Coverage

    @property
    def unlocked(self) -> int:
        """Distinct collectivités that become ready: none that was ready ceases to be."""
        return self.after.total.counts.ready - self.before.total.counts.ready


async def simulate(session: AsyncSession, scope: Scope, fixes: Fixes) -> Simulation:
    given = await known(session, fixes, "fixes")
    products = given.products | await catalogue(session, given.vendors)
    bound = await bind(session, scope)
    before = await measure_bound(session, scope, bound)
    return Simulation(before, await measure_fixed(session, scope, bound, products))


def with_fixed(bound: Bound, products: Iterable[int]) -> Bound:
    """What ``with_fixed_state`` needs."""
    return replace(bound, values=bound.values | {"fixed": [*products]})


async def measure_fixed(
    session: AsyncSession, scope: Scope, bound: Bound, products: Iterable[int]
) -> Coverage:
    """The scope's own, less those that are helped as they are, and with them as they become."""
    columns = f"strata, {', '.join(Counts.__slots__)}"
    counts = f"""
    {with_fixed_state(bound)},
    moved AS (
        SELECT 1 AS sign, {AS_COUNTED} FROM fixed_state AS one JOIN helped USING (id)
        UNION ALL
        SELECT -1, {AS_COUNTED} FROM state AS one JOIN helped USING (id)
    ),
    count AS (
        SELECT {columns} FROM ({own_counts(bound)}) AS own
        UNION ALL
        SELECT {columns} FROM ({counted("moved")}) AS change
    )
    """
    return await measure_bound(session, scope, with_fixed(bound, products), counts)
