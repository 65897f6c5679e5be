"""What was said last of products: steps of integrations and of commitments, as they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Commitment, Integration, Product, Service, Vendor
from registry.domain import products, vendors
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import OPEN_STATES
from registry.domain.filters import among

Step = Integration | Commitment


@dataclass(frozen=True, slots=True)
class News:
    """``product`` is none for a commitment of the vendor for all its products;
    ``contested`` is what is, of the product; ``updated``: when what is told here changed last.
    """

    step: Step
    product: Product | None
    vendor: Vendor
    contested: frozenset[Service | None]
    updated: datetime


INTEGRATION, COMMITMENT = "integration", "commitment"
LATEST = sa.text("""
    WITH turned AS (
        SELECT product_id, service, max(recorded_at) AS at
        FROM (
            SELECT dispute_id, recorded_at, state = ANY(:open) AS open,
                   lag(state = ANY(:open)) OVER (PARTITION BY dispute_id ORDER BY id) AS was_open
            FROM dispute_transition
        ) AS move
        JOIN dispute ON dispute.id = dispute_id
        WHERE open IS DISTINCT FROM was_open
        GROUP BY product_id, service
    ),
    step AS (
        SELECT 'integration' AS noun, integration.id, product_id, vendor_id, service,
               effective_until, recorded_at
        FROM integration JOIN product ON product.id = product_id
        UNION ALL
        SELECT 'commitment', commitment.id, product_id,
               coalesce(product.vendor_id, commitment.vendor_id), NULL, effective_until, recorded_at
        FROM commitment LEFT JOIN product ON product.id = product_id
    )
    SELECT step.noun, step.id, greatest(step.recorded_at, turned.at, (
        SELECT ledger.recorded_at FROM ledger
        WHERE ledger.noun = step.noun AND subject_id = step.id ORDER BY seq DESC LIMIT 1
    )) AS updated
    FROM step LEFT JOIN turned
      ON turned.product_id = step.product_id AND step.effective_until IS NULL
     AND turned.service IS NOT DISTINCT FROM step.service
    WHERE CAST(:vendor AS bigint) IS NULL OR vendor_id = :vendor
    ORDER BY updated DESC, step.id DESC, step.noun LIMIT :first
""")
"""When what is said of each step changed last: it was recorded, reviewed, or amended, or a dispute
on it was opened or closed while it is in force.
"""


async def latest(session: AsyncSession, first: int, vendor_id: int | None = None) -> list[News]:
    """Of one vendor, or of all; what changed last comes first."""
    values = {"open": [*OPEN_STATES], "vendor": vendor_id, "first": first}
    found = (await session.execute(LATEST, values)).all()
    integrations = sa.select(Integration).where(
        among(col(Integration.id), _ids(found, INTEGRATION))
    )
    commitments = sa.select(Commitment).where(among(col(Commitment.id), _ids(found, COMMITMENT)))
    steps: dict[tuple[str, int], Step] = {
        **{(INTEGRATION, row.recorded_id): row for row in await session.scalars(integrations)},
        **{(COMMITMENT, row.recorded_id): row for row in await session.scalars(commitments)},
    }
    rows = [(steps[row.noun, row.id], row.updated) for row in found]
    return await _named(session, rows)


def _ids(found: Sequence[sa.Row[Any]], noun: str) -> list[int]:
    return [row.id for row in found if row.noun == noun]


async def _named(session: AsyncSession, rows: Sequence[tuple[Step, datetime]]) -> list[News]:
    known = await products.by_ids(session, [row.product_id for row, _ in rows if row.product_id])
    told = [(row, known.get(row.product_id or 0), updated) for row, updated in rows]
    owners = await vendors.by_ids(session, [_vendor_id(row, product) for row, product, _ in told])
    contested = await disputes.contested(session, [*known])
    return [
        News(
            row,
            product,
            owners[_vendor_id(row, product)],
            frozenset(contested.get(row.product_id or 0, ())),
            updated,
        )
        for row, product, updated in told
    ]


def _vendor_id(row: Step, product: Product | None) -> int:
    """A product's own commitment follows it to the vendor that has it now."""
    if product is not None:
        return product.vendor_id
    return row.vendor_id if isinstance(row, Commitment) else 0
