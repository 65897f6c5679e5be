from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Activation, Demarche, Service
from registry.domain.filters import among, in_force

Usage = tuple[int, int, Demarche]
"""Collectivité, product and démarche: what an activation belongs to."""


async def of_usages(
    session: AsyncSession, usages: Sequence[Usage], day: date
) -> dict[Usage, list[Activation]]:
    """The row in force for each service, in the order of ``Service``."""
    query = sa.select(Activation).where(
        among(col(Activation.collectivite_id), {usage[0] for usage in usages}),
        in_force(col(Activation.effective_on), col(Activation.effective_until), day),
    )
    order = list(Service)
    found: dict[Usage, list[Activation]] = {}
    for row in sorted(await session.scalars(query), key=lambda row: order.index(row.service)):
        found.setdefault((row.collectivite_id, row.product_id, row.demarche), []).append(row)
    return found
