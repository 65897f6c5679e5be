from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Deployment, Product, Vendor
from registry.domain.filters import among, in_force


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Deployment]:
    query = sa.select(Deployment).where(among(col(Deployment.id), ids))
    return {row.id: row for row in await session.scalars(query) if row.id is not None}


async def of_collectivites(
    session: AsyncSession, ids: Sequence[int], day: date | None
) -> dict[int, list[Deployment]]:
    """Those in force on ``day``, or all without one; by product key, démarche and date."""
    query = (
        sa.select(Deployment)
        .join(Product, col(Product.id) == col(Deployment.product_id))
        .join(Vendor, col(Vendor.id) == col(Product.vendor_id))
        .where(among(col(Deployment.collectivite_id), ids))
        .order_by(
            col(Vendor.siren),
            col(Product.slug),
            sa.collate(sa.cast(col(Deployment.demarche), sa.Text), "C"),
            col(Deployment.since),
        )
    )
    if day is not None:
        query = query.where(in_force(col(Deployment.since), col(Deployment.until), day))
    found: dict[int, list[Deployment]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.collectivite_id, []).append(row)
    return found


def is_in_force(row: Deployment, day: date) -> bool:
    return row.since <= day and (row.until is None or row.until > day)


def is_confirmed(row: Deployment) -> bool:
    """By the side that did not declare it or by the ministry, whose own word needs no other."""
    return row.confirmed_by is not None or row.declared_by == "MINISTRY"
