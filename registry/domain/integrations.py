from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Integration, IntegrationState, Service
from registry.domain.filters import among, in_force


async def current_of_products(
    session: AsyncSession, ids: Sequence[int], day: date
) -> dict[int, list[Integration]]:
    """The row in force for each service, in the order of ``Service``."""
    query = sa.select(Integration).where(
        among(col(Integration.product_id), ids),
        in_force(col(Integration.effective_on), col(Integration.effective_until), day),
    )
    order = list(Service)
    rows = await session.scalars(query)
    return _by_product(sorted(rows, key=lambda row: order.index(row.service)))


async def history_of_products(
    session: AsyncSession, ids: Sequence[int]
) -> dict[int, list[Integration]]:
    """Every row ever recorded, latest first."""
    query = (
        sa.select(Integration)
        .where(among(col(Integration.product_id), ids))
        .order_by(col(Integration.effective_on).desc(), col(Integration.id).desc())
    )
    return _by_product(await session.scalars(query))


def is_late(row: Integration, day: date) -> bool:
    """Promised for a day that has passed."""
    planned = row.state is IntegrationState.PLANNED
    return planned and row.target_date is not None and row.target_date < day


def _by_product(rows: Iterable[Integration]) -> dict[int, list[Integration]]:
    found: dict[int, list[Integration]] = {}
    for row in rows:
        found.setdefault(row.product_id, []).append(row)
    return found
