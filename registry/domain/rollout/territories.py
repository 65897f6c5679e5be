"""Where the rollout stands in each département."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.rollout.readiness import with_state
from registry.domain.rollout.scope import Scope, bind


@dataclass(frozen=True, slots=True)
class Share:
    """Distinct collectivités of a département, as ``coverage.measure`` counts its total."""

    departement: str
    total: int
    connected: int
    ready: int


async def by_departement(session: AsyncSession, scope: Scope) -> dict[str, Share]:
    """A collectivité of several counts in each; a département without any is absent."""
    bound = await bind(session, scope)
    query = f"""
        {with_state(bound)}
        SELECT departement, count(*) AS total,
               count(*) FILTER (WHERE rank = 0) AS connected,
               count(*) FILTER (WHERE rank = 1) AS ready
        FROM state
        JOIN collectivite ON collectivite.id = state.id
        CROSS JOIN LATERAL unnest(departements) AS departement
        GROUP BY departement ORDER BY departement
    """
    rows = await session.execute(sa.text(query), bound.values)
    return {row.departement: Share(*row) for row in rows}
