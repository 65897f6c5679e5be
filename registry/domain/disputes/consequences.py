"""What a surcharge dispute does to the product's commitment, and an upheld one to an integration.

What applies vendor-wide is never written: the product gets rows of its own, copied from it.
"""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Commitment,
    CommitmentState,
    Dispute,
    Integration,
    IntegrationState,
    Product,
    Source,
)
from registry.domain import commitments, histories
from registry.domain.actor import Actor
from registry.domain.filters import among
from registry.domain.histories import Said
from registry.domain.transitions import COMMITMENT

ALLEGED = "Surcoût signalé par une collectivité."
BREACHED = "Surcoût reconnu par le ministère."
RESTORED = "Aucun signalement de surcoût ne subsiste."
SUSPENDED = "Contestation reconnue fondée par le ministère."

COPIED = (
    "charter_version",
    "signatory",
    "signatory_capacity",
    "scope",
    "exclusions",
    "valid_until",
    "evidence_url",
)

LEFT = sa.text("""
    SELECT coalesce(bool_or(last.state IN ('OPEN', 'UNDER_REVIEW', 'AWAITING_REPLY')), false)
               AS open,
           coalesce(bool_or(last.state = 'UPHELD'), false) AS upheld,
           coalesce(bool_or(last.state = 'DISMISSED' AND EXISTS (
               SELECT FROM dispute_transition AS step
               WHERE step.dispute_id = dispute.id AND step.state = 'UPHELD'
                 AND step.recorded_at = :recorded_at)), false) AS overturned
    FROM dispute
    JOIN dispute_transition AS last
      ON last.dispute_id = dispute.id AND last.effective_until IS NULL
    WHERE product_id = :product AND kind = 'SURCHARGE'
""")
"""``overturned``: the upholding recorded with that step was dismissed since."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who moves the dispute, as what, on which day."""

    actor: Actor
    source: Source
    said: Said


@dataclass(frozen=True, slots=True)
class Standing:
    """The last row of the product's own, the one that applies to it and how that one reads."""

    own: Commitment | None
    applying: Commitment | None
    state: CommitmentState
    said: Said


async def allege(session: AsyncSession, author: Author, product: Product) -> list[int]:
    """A dispute on surcharge is open. Answers the rows written."""
    standing = await _standing(session, author, product)
    if standing.applying is None or standing.state is not CommitmentState.SIGNED:
        return []
    path = _to_alleged(standing.own)
    return await _write(session, author, product, standing, standing.applying, path)


async def breach(session: AsyncSession, author: Author, product: Product) -> list[int]:
    """A dispute on surcharge is upheld: nothing that applies to the product stays signed."""
    standing = await _standing(session, author, product)
    own, applying = standing.own, standing.applying
    if own is not None and own.state is CommitmentState.BREACH_ALLEGED:
        return await _write(
            session, author, product, standing, own, [(CommitmentState.BREACHED, BREACHED)]
        )
    if applying is None or standing.state is not CommitmentState.SIGNED:
        return []
    path = [*_to_alleged(own), (CommitmentState.BREACHED, BREACHED)]
    return await _write(session, author, product, standing, applying, path)


async def restore(session: AsyncSession, author: Author, product: Product) -> list[int]:
    """A dispute on surcharge is dismissed or withdrawn: the last one open leaves it signed.

    So it does where a breach was established by a dispute that the ministry dismissed since.
    """
    standing = await _standing(session, author, product)
    own = standing.own
    if own is None or own.state not in (CommitmentState.BREACH_ALLEGED, CommitmentState.BREACHED):
        return []
    values = {"product": product.recorded_id, "recorded_at": own.recorded_at}
    left = (await session.execute(LEFT, values)).one()
    breached = own.state is CommitmentState.BREACHED
    if left.open or (breached and (left.upheld or not left.overturned)):
        return []
    path = [(CommitmentState.SIGNED, RESTORED)]
    return await _write(session, author, product, standing, own, path)


async def suspend(session: AsyncSession, author: Author, dispute: Dispute) -> list[int]:
    """A dispute on an integration is upheld: suspended if it was qualified."""
    last = await session.scalar(
        sa.select(Integration).where(
            col(Integration.product_id) == dispute.product_id,
            col(Integration.service) == dispute.service,
            col(Integration.effective_until).is_(None),
        )
    )
    if last is None or last.state is not IntegrationState.QUALIFIED:
        return []
    said = Said(max(author.said.day, last.effective_on), SUSPENDED, last.evidence_url)
    step = Integration(
        product_id=last.product_id,
        service=last.service,
        state=IntegrationState.SUSPENDED,
        feeds=last.feeds,
        evidence_level=last.evidence_level,
        min_version=last.min_version,
        **histories.author(author.actor, author.source, said),
    )
    await histories.add(session, last, step)
    return [step.recorded_id]


async def _standing(session: AsyncSession, author: Author, product: Product) -> Standing:
    """As it reads on the day of the step, or on that of a row recorded for a later day."""
    rows = list(
        await session.scalars(
            sa.select(Commitment)
            .where(
                sa.or_(
                    col(Commitment.product_id) == product.id,
                    sa.and_(
                        col(Commitment.product_id).is_(None),
                        among(commitments.VENDOR_ID, [product.vendor_id]),
                    ),
                ),
                col(Commitment.effective_until).is_(None),
            )
            .execution_options(populate_existing=True)
        )
    )
    day = max([author.said.day, *(row.effective_on for row in rows)])
    applying = await commitments.applying(session, [product.recorded_id], day)
    read = applying.get(product.recorded_id)
    return Standing(
        next((row for row in rows if row.product_id is not None), None),
        read.row if read else None,
        read.state if read else CommitmentState.NONE,
        Said(day),
    )


Path = list[tuple[CommitmentState, str]]


def _to_alleged(own: Commitment | None) -> Path:
    """Through a signature, where no arrow leads there from what the product's own row says."""
    alleged: Path = [(CommitmentState.BREACH_ALLEGED, ALLEGED)]
    if own is None or CommitmentState.BREACH_ALLEGED in COMMITMENT[own.state]:
        return alleged
    return [(CommitmentState.SIGNED, ALLEGED), *alleged]


async def _write(
    session: AsyncSession,
    author: Author,
    product: Product,
    standing: Standing,
    copied: Commitment,
    path: Path,
) -> list[int]:
    values: dict[str, Any] = {column: getattr(copied, column) for column in COPIED}
    last, written = standing.own, []
    for state, reason in path:
        said = replace(standing.said, reason=reason)
        step = Commitment(
            vendor_id=product.vendor_id,
            product_id=product.recorded_id,
            state=state,
            **(histories.author(author.actor, author.source, said) | values),
        )
        await histories.add(session, last, step)
        last = step
        written.append(step.recorded_id)
    return written
