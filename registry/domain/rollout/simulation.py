"""What would be ready if some software became so; nothing else changes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.rollout.coverage import Coverage, counted, measure_bound
from registry.domain.rollout.fixes import Fixes, catalogue, known, with_fixed_state
from registry.domain.rollout.scope import Bound, Scope, bind


@dataclass(frozen=True, slots=True)
class Simulation:
    before: Coverage
    after: Coverage

    @property
    def unlocked(self) -> int:
        """Distinct collectivités that become ready: none that was ready ceases to be."""
        return self.after.total.counts.ready - self.before.total.counts.ready


async def simulate(session: AsyncSession, scope: Scope, fixes: Fixes) -> Simulation:
    products = await catalogue(session, await known(session, fixes, "fixes"))
    bound = await bind(session, scope)
    before = await measure_bound(session, scope, bound)
    return Simulation(before, await measure_fixed(session, scope, bound, products))


async def measure_fixed(
    session: AsyncSession, scope: Scope, bound: Bound, products: Iterable[int]
) -> Coverage:
    fixed = replace(bound, values=bound.values | {"fixed": [*products]})
    states = "(SELECT 1 AS sign, * FROM fixed_state) AS one"
    counts = f"{with_fixed_state(fixed)}, count AS ({counted(states)})"
    return await measure_bound(session, scope, fixed, counts)
