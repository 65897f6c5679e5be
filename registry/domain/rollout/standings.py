"""Every collectivité with how ready it is, as one statement."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Collectivite
from registry.domain import collectivites, pages
from registry.domain.collectivites import CollectiviteFilter, CollectiviteOrder
from registry.domain.rollout.readiness import ORDER, Readiness, rank, with_state
from registry.domain.rollout.scope import bind_open

STANDINGS = f"""
    SELECT id, (CAST(:words AS text[]))[rank + 1] AS readiness,
           rank = {rank(Readiness.BLOCKED_BY_SOFTWARE)} AND NOT declared AS undeclared
    FROM state
"""


async def select_standings(
    session: AsyncSession, wanted: CollectiviteFilter, order: CollectiviteOrder
) -> sa.Select[tuple[object, ...]]:
    """A statement for this session's own snapshot: it may read what is derived."""
    bound = await bind_open(session)
    named = ("basis",) if bound.stored else ("as_of", "accepted")
    stands = (
        sa.text(f"{with_state(bound)} {STANDINGS}")
        .bindparams(words=[*ORDER], **{name: bound.values[name] for name in named})
        .columns(
            sa.column("id", sa.BigInteger),
            sa.column("readiness", sa.Text),
            sa.column("undeclared", sa.Boolean),
        )
        .subquery()
    )
    return (
        sa.select(
            col(Collectivite.code),
            col(Collectivite.insee),
            col(Collectivite.siren),
            col(Collectivite.name),
            col(Collectivite.kind),
            col(Collectivite.strata),
            col(Collectivite.departements),
            col(Collectivite.regions),
            col(Collectivite.population),
            stands.c.readiness,
            stands.c.undeclared.label("blocked_undeclared"),
            col(Collectivite.no_online_demarche_since),
        )
        .join(stands, stands.c.id == col(Collectivite.id))
        .where(*await collectivites.conditions(session, wanted))
        .order_by(*pages.directions(collectivites.ORDERINGS[order]))
    )
