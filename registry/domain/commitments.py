"""The no-surcharge commitment as it reads: an expired signature says so by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Commitment, CommitmentState, Product, Vendor
from registry.domain.filters import among, in_force
from registry.domain.transitions import commitment_as_read

VENDOR_ID = col(Commitment.vendor_id)

YIELDING = (CommitmentState.NONE, CommitmentState.INVITED, CommitmentState.EXPIRED)
"""Where a product's own commitment reads one of these, the vendor-wide one applies."""

_SIGNED = (CommitmentState.SIGNED, CommitmentState.BREACH_ALLEGED)


@dataclass(frozen=True, slots=True)
class CommitmentRead:
    """The row in force and what it reads on the day asked."""

    row: Commitment
    state: CommitmentState


def vendor_wide_state(day: date) -> sa.Select[str]:
    """What the vendor-wide rows in force read, for a query to narrow by ``VENDOR_ID``."""
    past = col(Commitment.valid_until) < day
    signed = col(Commitment.state).in_(_SIGNED)
    stored = sa.cast(col(Commitment.state), sa.Text)
    reading = sa.case((sa.and_(signed, past), CommitmentState.EXPIRED.value), else_=stored)
    return sa.select(reading).where(col(Commitment.product_id).is_(None), _in_force(day))


async def vendor_wide(
    session: AsyncSession, vendor_ids: Sequence[int], day: date
) -> dict[int, CommitmentRead]:
    query = sa.select(Commitment).where(
        among(VENDOR_ID, vendor_ids),
        col(Commitment.product_id).is_(None),
        _in_force(day),
    )
    return {row.vendor_id: _read(row, day) for row in await session.scalars(query)}


async def applying(
    session: AsyncSession, product_ids: Sequence[int], day: date
) -> dict[int, CommitmentRead]:
    """The commitment that applies to each product; products without any are absent.

    A product's own that gives way still shows where its vendor has none at all.
    """
    query = (
        sa.select(sa.type_coerce(col(Product.id), sa.BigInteger), Commitment)
        .join(
            Commitment,
            sa.or_(
                col(Commitment.product_id) == col(Product.id),
                sa.and_(col(Commitment.product_id).is_(None), col(Product.vendor_id) == VENDOR_ID),
            ),
        )
        .where(among(col(Product.id), product_ids), _in_force(day))
    )
    own: dict[int, CommitmentRead] = {}
    wide: dict[int, CommitmentRead] = {}
    for product_id, row in await session.execute(query):
        (wide if row.product_id is None else own)[product_id] = _read(row, day)
    standing = {key: read for key, read in own.items() if read.state not in YIELDING}
    return own | wide | standing


async def signed_vendor_wide(session: AsyncSession, day: date) -> list[Commitment]:
    """The vendor-wide commitments that read ``SIGNED``, oldest first; a merged vendor's is past."""
    query = (
        sa.select(Commitment)
        .join(Vendor, sa.and_(col(Vendor.id) == VENDOR_ID, col(Vendor.merged_into_id).is_(None)))
        .where(
            col(Commitment.product_id).is_(None),
            col(Commitment.state) == CommitmentState.SIGNED,
            sa.or_(col(Commitment.valid_until).is_(None), col(Commitment.valid_until) >= day),
            _in_force(day),
        )
        .order_by(col(Commitment.effective_on), VENDOR_ID)
    )
    return list(await session.scalars(query))


def _read(row: Commitment, day: date) -> CommitmentRead:
    return CommitmentRead(row, commitment_as_read(row.state, row.valid_until, day))


def _in_force(day: date) -> sa.ColumnElement[bool]:
    return in_force(col(Commitment.effective_on), col(Commitment.effective_until), day)
