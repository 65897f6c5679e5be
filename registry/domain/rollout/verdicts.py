"""What a product means for its clients at a date (the rule of blocking, first half)."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.clock import today
from registry.domain.rollout.scope import STANDING


class Verdict(StrEnum):
    NOT_CONCERNED = "NOT_CONCERNED"
    NOT_INTEGRATED = "NOT_INTEGRATED"
    SURCHARGE = "SURCHARGE"
    READY = "READY"
    COST_UNKNOWN = "COST_UNKNOWN"


Judged = tuple[Verdict, bool]
"""A verdict, and whether it is that of a product of which its vendor said nothing."""

IN_FORCE = "effective_on <= :as_of AND (effective_until IS NULL OR effective_until > :as_of)"

VERDICTS = f"""
qualified AS (
    SELECT product_id, bool_or(evidence_level IN ('EVIDENCED', 'VERIFIED')) AS evidenced
    FROM integration
    WHERE state = 'QUALIFIED' AND service = ANY(:accepted) AND {IN_FORCE}
    GROUP BY product_id
),
declared AS (
    SELECT product_id, max(effective_on) AS declared_on
    FROM integration
    WHERE declared_by = 'VENDOR' AND effective_on <= :as_of
    GROUP BY product_id
),
commitment_read AS (
    SELECT vendor_id, product_id,
           CASE WHEN state IN ('SIGNED', 'BREACH_ALLEGED') AND valid_until < :as_of
                THEN 'EXPIRED' ELSE state END AS state
    FROM commitment
    WHERE {IN_FORCE}
),
verdict AS (
    SELECT product.id AS product_id, product.vendor_id,
           qualified.product_id IS NOT NULL AS qualified,
           coalesce(qualified.evidenced, false) AS evidenced,
           declared.declared_on,
           CASE WHEN NOT product.citizen_login THEN 'NOT_CONCERNED'
                WHEN qualified.product_id IS NULL THEN 'NOT_INTEGRATED'
                WHEN applying.state IN ('DECLINED', 'BREACHED') THEN 'SURCHARGE'
                WHEN applying.state IN ('SIGNED', 'BREACH_ALLEGED') THEN 'READY'
                ELSE 'COST_UNKNOWN' END AS verdict
    FROM product
    LEFT JOIN qualified ON qualified.product_id = product.id
    LEFT JOIN declared ON declared.product_id = product.id
    LEFT JOIN commitment_read AS own ON own.product_id = product.id
    LEFT JOIN commitment_read AS wide
           ON wide.vendor_id = product.vendor_id AND wide.product_id IS NULL
    CROSS JOIN LATERAL (
        SELECT CASE WHEN coalesce(own.state, 'NONE') IN ('NONE', 'INVITED', 'EXPIRED')
                    THEN wide.state ELSE own.state END AS state
    ) AS applying
)
"""
"""Common table expressions: ``verdict`` has one row a product. Binds ``as_of``, ``accepted``."""

STORED = "verdict AS (SELECT * FROM product_verdict)"
"""The same, as it was derived for today."""

OF_PRODUCTS = "SELECT product_id, verdict FROM verdict WHERE product_id = ANY(:products)"
OF_VENDORS = """
    SELECT vendor_id, verdict, verdict = 'NOT_INTEGRATED' AND declared_on IS NULL, count(*)
    FROM verdict WHERE vendor_id = ANY(:vendors) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
EXAMPLES = """
    SELECT DISTINCT ON (verdict) verdict, product_id
    FROM verdict
    JOIN product ON product.id = product_id
    JOIN vendor ON vendor.id = product.vendor_id
    WHERE retired_on IS NULL
    ORDER BY verdict, declared_on IS NULL, siren, slug
"""


async def of_products(
    session: AsyncSession, ids: Sequence[int], as_of: date | None = None
) -> dict[int, Verdict]:
    rows = await _read(session, OF_PRODUCTS, as_of, products=list(ids))
    return {product: Verdict(verdict) for product, verdict in rows}


async def of_vendors(session: AsyncSession, ids: Sequence[int]) -> dict[int, dict[Judged, int]]:
    """How many products of each verdict every vendor has today, those it said nothing of apart."""
    found: dict[int, dict[Judged, int]] = {identifier: {} for identifier in ids}
    for vendor, verdict, silent, count in await _read(session, OF_VENDORS, None, vendors=list(ids)):
        found[vendor][Verdict(verdict), silent] = count
    return found


async def examples(session: AsyncSession) -> dict[Verdict, int]:
    """A product on offer of each verdict that there is one of today: the first by its key, where
    possible among those of which their vendor said something.
    """
    rows = await _read(session, EXAMPLES, None)
    return {Verdict(verdict): product for verdict, product in rows}


async def judged(
    session: AsyncSession, wanted: Verdict, *, silent: bool = False
) -> sa.ColumnElement[bool]:
    """Whether a row of ``product`` has that verdict today; with ``silent``, and its vendor said
    nothing of it.
    """
    source, values = await _source(session, today())
    known = "AND declared_on IS NULL" if silent else ""
    query = f"WITH {source} SELECT product_id FROM verdict WHERE verdict = :verdict {known}"
    return sa.and_(sa.text(f"product.id IN ({query})").bindparams(verdict=wanted.value, **values))


async def _read(
    session: AsyncSession, query: str, as_of: date | None, **values: object
) -> Sequence[Any]:
    source, asked = await _source(session, as_of or today())
    return (await session.execute(sa.text(f"WITH {source} {query}"), values | asked)).all()


async def _source(session: AsyncSession, day: date) -> tuple[str, dict[str, Any]]:
    """``verdict`` and what it binds: as it was derived where that holds for the day, else
    computed.
    """
    standing = (await session.execute(STANDING)).one()
    if day == standing.derived_on and not standing.touched:
        return STORED, {}
    return VERDICTS, {"as_of": day, "accepted": standing.accepted_services}
