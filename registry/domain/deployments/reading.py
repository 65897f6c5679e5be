from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Demarche, Deployment, Product, Source, Vendor
from registry.domain.actor import Actor
from registry.domain.filters import among, in_force
from registry.domain.pages import Key, Ordering
from registry.domain.policy import Action, Subject, may

ACKNOWLEDGING = (Source.COLLECTIVITE, Source.MINISTRY)
"""Those whose word makes the operator of a link act for the collectivité."""

_ID = sa.type_coerce(col(Deployment.id), sa.BigInteger)
BY_ID = Ordering("deployment.id", (Key(_ID, int),))


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


async def of_usage(
    session: AsyncSession, collectivite_id: int, product_id: int, demarche: Demarche
) -> list[Deployment]:
    """Every period, the latest first."""
    query = (
        sa.select(Deployment)
        .where(
            col(Deployment.collectivite_id) == collectivite_id,
            col(Deployment.product_id) == product_id,
            col(Deployment.demarche) == demarche,
        )
        .order_by(col(Deployment.since).desc())
        .execution_options(populate_existing=True)
    )
    return [*await session.scalars(query)]


def subject(row: Deployment, product: Product) -> Subject:
    """Whose the deployment of that product is."""
    acknowledged = row.declared_by in ACKNOWLEDGING or row.confirmed_by in ACKNOWLEDGING
    operators = {row.operator} if row.operator and acknowledged else set()
    return Subject(
        vendor=product.vendor_id,
        collectivite=row.collectivite_id,
        operators=frozenset(operators),
    )


def said(row: Deployment, product: Product) -> Subject:
    """Likewise for whoever reviews what its declarant said."""
    return replace(subject(row, product), said_by=row.declared_by)


def is_confirmable(actor: Actor, row: Deployment, product: Product) -> bool:
    return not is_confirmed(row) and may(actor, Action.CONFIRM_DEPLOYMENT, said(row, product))


def is_correctable(actor: Actor, row: Deployment, product: Product) -> bool:
    return may(actor, Action.CORRECT_DEPLOYMENT, subject(row, product))


def is_in_force(row: Deployment, day: date) -> bool:
    return row.since <= day and (row.until is None or row.until > day)


def is_confirmed(row: Deployment) -> bool:
    """By the side that did not declare it or by the ministry, whose own word needs no other."""
    return row.confirmed_by is not None or row.declared_by == "MINISTRY"
