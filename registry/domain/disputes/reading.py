"""Who sees which disputes, and what everyone sees: how many are open, and on what."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Collectivite,
    Dispute,
    DisputeKind,
    DisputeState,
    DisputeTransition,
    Product,
    Service,
)
from registry.domain import pages
from registry.domain.actor import Actor
from registry.domain.collectivites import HEIR
from registry.domain.filters import among
from registry.domain.pages import Page, Recency, Slice, by_recency
from registry.domain.policy import Action, admits, may

OPEN_STATES = (DisputeState.OPEN, DisputeState.UNDER_REVIEW, DisputeState.AWAITING_REPLY)

_ID: sa.ColumnElement[int] = sa.type_coerce(col(Dispute.id), sa.BigInteger)
ORDERINGS = by_recency("dispute.id", _ID)

PRODUCT: Any = col(Dispute.product_id)


class Holder(StrEnum):
    """Whose disputes: a collectivité's are also those of the bodies that it succeeded."""

    COLLECTIVITE = "COLLECTIVITE"
    PRODUCT = "PRODUCT"
    VENDOR = "VENDOR"


GROUPS: Mapping[Holder, Any] = {
    Holder.COLLECTIVITE: HEIR,
    Holder.PRODUCT: PRODUCT,
    Holder.VENDOR: col(Product.vendor_id),
}


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Dispute]:
    rows = await session.scalars(sa.select(Dispute).where(among(col(Dispute.id), ids)))
    return {row.recorded_id: row for row in rows}


async def seen(session: AsyncSession, actor: Actor, dispute_id: int) -> Dispute | None:
    found: Dispute | None = await session.scalar(
        _joined(sa.select(Dispute)).where(col(Dispute.id) == dispute_id, _visible(actor))
    )
    return found


async def listed(
    session: AsyncSession,
    actor: Actor,
    page: Page,
    state: DisputeState | None,
    order: Recency = Recency.LATEST,
) -> Slice[Dispute]:
    """Those that the actor may see; of one ``state`` where it is asked."""
    query = _standing(_joined(sa.select(Dispute)).where(_visible(actor)), state)
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def seen_of(
    session: AsyncSession,
    ids: Sequence[int],
    actor: Actor,
    holder: Holder,
    page: Page,
    state: DisputeState | None = None,
    order: Recency = Recency.LATEST,
) -> dict[int, Slice[Dispute]]:
    """Of each holder; of one ``state`` where it is asked."""
    group = GROUPS[holder]
    query = _joined(sa.select(Dispute)).where(among(group, ids), _visible(actor))
    return await pages.fetch_each(session, _standing(query, state), group, ORDERINGS[order], page)


async def count_seen_of(
    session: AsyncSession, ids: Sequence[int], actor: Actor, holder: Holder
) -> dict[int, int]:
    group = GROUPS[holder]
    query = _joined(sa.select(group, sa.func.count()).select_from(Dispute))
    rows = await session.execute(query.where(among(group, ids), _visible(actor)).group_by(group))
    return dict(rows.all())


async def steps(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[DisputeTransition]]:
    """Every step of each dispute, in order."""
    query = (
        sa.select(DisputeTransition)
        .where(among(col(DisputeTransition.dispute_id), ids))
        .order_by(col(DisputeTransition.effective_on), col(DisputeTransition.id))
    )
    found: dict[int, list[DisputeTransition]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.dispute_id, []).append(row)
    return found


async def open_counts(session: AsyncSession, ids: Sequence[int], holder: Holder) -> dict[int, int]:
    """How many are open, which is public."""
    group = GROUPS[holder]
    query = _open(_joined(sa.select(group, sa.func.count()).select_from(Dispute)))
    rows = await session.execute(query.where(among(group, ids)).group_by(group))
    return dict(rows.all())


async def open_of(session: AsyncSession, actor: Actor, collectivite_id: int) -> dict[int, int]:
    """The last open dispute of a collectivité on each product, that the actor may see."""
    query = _open(_joined(sa.select(PRODUCT, sa.func.max(_ID)).select_from(Dispute)))
    mine = query.where(among(HEIR, [collectivite_id]), _visible(actor)).group_by(PRODUCT)
    return dict((await session.execute(mine)).all())


async def contested(session: AsyncSession, ids: Sequence[int]) -> dict[int, set[Service | None]]:
    """What is contested on each product: a service's status, or (``None``) its commitment."""
    query = _open(sa.select(PRODUCT, col(Dispute.service)).distinct())
    found: dict[int, set[Service | None]] = {}
    for product_id, service in await session.execute(query.where(among(PRODUCT, ids))):
        found.setdefault(product_id, set()).add(service)
    return found


async def dismissals(
    session: AsyncSession, actor: Actor, bodies: Iterable[int], accepted: Sequence[str], day: date
) -> dict[tuple[int, int], str]:
    """Why the ministry dismissed the last dispute of a collectivité on the integration of a
    product with one of the ``accepted`` services, by collectivité and product; of those that the
    actor may see.
    """
    query = (
        _joined(sa.select(HEIR, PRODUCT, col(DisputeTransition.reason)))
        .join(DisputeTransition, col(DisputeTransition.dispute_id) == col(Dispute.id))
        .where(
            among(HEIR, bodies),
            _visible(actor),
            col(Dispute.kind) == DisputeKind.INTEGRATION,
            among(sa.cast(col(Dispute.service), sa.Text), accepted),
            col(DisputeTransition.state) == DisputeState.DISMISSED,
            col(DisputeTransition.effective_on) <= day,
            col(DisputeTransition.effective_until).is_(None),
        )
        .order_by(col(DisputeTransition.id))
    )
    return {(body, product): reason for body, product, reason in await session.execute(query)}


def _joined(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.join(Collectivite, col(Collectivite.id) == col(Dispute.collectivite_id)).join(
        Product, col(Product.id) == PRODUCT
    )


def _open(query: sa.Select[Any]) -> sa.Select[Any]:
    return _last(query).where(col(DisputeTransition.state).in_(OPEN_STATES))


def _standing(query: sa.Select[Any], state: DisputeState | None) -> sa.Select[Any]:
    if state is None:
        return query
    return _last(query).where(col(DisputeTransition.state) == state)


def _last(query: sa.Select[Any]) -> sa.Select[Any]:
    """With the step at which each dispute stands."""
    step = DisputeTransition
    return query.join(step, col(step.dispute_id) == col(Dispute.id)).where(
        col(step.effective_until).is_(None)
    )


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    """``SEE_DISPUTES``, as a condition on rows."""
    if may(actor, Action.SEE_DISPUTES):
        return sa.true()
    if not admits(actor, Action.SEE_DISPUTES):
        return sa.false()
    return sa.or_(among(HEIR, actor.collectivites), among(col(Product.vendor_id), actor.vendors))
