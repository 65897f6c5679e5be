"""Which software blocks the rollout, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Stratum
from registry.domain.rollout.readiness import BLOCKED, rank, with_readiness
from registry.domain.rollout.scope import Bound, Scope, bind
from registry.domain.rollout.verdicts import Verdict


class Grouping(StrEnum):
    PRODUCT = "PRODUCT"
    VENDOR = "VENDOR"


@dataclass(frozen=True, slots=True)
class StratumCount:
    """``population`` is that of the blocked bodies of this stratum, whatever their kind."""

    stratum: Stratum
    blocked: int
    population: int


@dataclass(frozen=True, slots=True)
class Blocker:
    """``population``: inhabitants of the blocked communes, each once. ``declared_on``: the
    vendor's last word on the integration (none: it never said anything). ``product_id``, ``slug``,
    ``product_name`` and ``verdict`` are none when grouped by vendor.
    """

    rank: int
    vendor_id: int
    vendor_siren: str
    vendor_name: str
    product_id: int | None
    slug: str | None
    product_name: str | None
    verdict: Verdict | None
    blocked: int
    blocked_alone: int
    population: int
    by_stratum: tuple[StratumCount, ...]
    connected_clients: int
    declared_on: date | None


@dataclass(frozen=True, slots=True)
class Blockers:
    """A slice of the ranking; ``total`` and the two counts speak of the whole scope."""

    as_of: date
    rows: tuple[Blocker, ...]
    total: int
    no_known_software: int
    cost_unknown: int


async def rank_blockers(
    session: AsyncSession,
    scope: Scope,
    by: Grouping = Grouping.PRODUCT,
    *,
    first: int | None = None,
    after_rank: int = 0,
) -> Blockers:
    bound = await bind(session, scope)
    values = bound.values | {"first": first, "after_rank": after_rank}
    query = _ranked(bound, scope, by) + ALL
    return _blockers(bound, scope, (await session.execute(sa.text(query), values)).mappings().all())


async def rank_own(
    session: AsyncSession,
    scope: Scope,
    vendor_ids: Sequence[int],
    *,
    first: int,
    after_rank: int = 0,
) -> dict[int, Blockers]:
    """For each vendor its own products, at the ranks that they have among all."""
    bound = await bind(session, scope)
    values = {"vendors": list(vendor_ids), "first": first, "after_rank": after_rank}
    query = _ranked(bound, scope, Grouping.PRODUCT) + OWN
    rows = (await session.execute(sa.text(query), bound.values | values)).mappings().all()
    owned: dict[int, list[Any]] = {}
    for row in rows:
        owned.setdefault(row["asked"], []).append(row)
    return {vendor: _blockers(bound, scope, own) for vendor, own in owned.items()}


def _blockers(bound: Bound, scope: Scope, rows: Sequence[Any]) -> Blockers:
    """A slice without a line still has the row that tells the counts."""
    head = rows[0]
    return Blockers(
        bound.as_of,
        tuple(_blocker(row, scope) for row in rows if row["position"] is not None),
        head["ranked"],
        head["no_known_software"],
        head["cost_unknown"],
    )


COUNTS = """
    (SELECT count(*) FROM state WHERE rank = 5) AS no_known_software,
    (SELECT count(*) FROM state WHERE rank = 2) AS cost_unknown
"""

ALL = f"""
    SELECT ranked.*, scope.*
    FROM (SELECT (SELECT count(*) FROM ranked) AS ranked, {COUNTS}) AS scope
    LEFT JOIN (
        SELECT * FROM ranked WHERE position > :after_rank
        ORDER BY position LIMIT CAST(:first AS bigint)
    ) AS ranked ON true
    ORDER BY position
"""

OWN = f"""
    SELECT asked.*, own.*, scope.*
    FROM (SELECT {COUNTS}) AS scope
    CROSS JOIN (
        SELECT vendor.id AS asked,
               (SELECT count(*) FROM ranked WHERE blocking_vendor_id = vendor.id) AS ranked
        FROM unnest(CAST(:vendors AS bigint[])) AS vendor(id)
    ) AS asked
    LEFT JOIN LATERAL (
        SELECT * FROM ranked WHERE blocking_vendor_id = asked.asked AND position > :after_rank
        ORDER BY position LIMIT :first
    ) AS own ON true
    ORDER BY asked, position
"""


def _ranked(bound: Bound, scope: Scope, by: Grouping) -> str:
    key = "product_id" if by is Grouping.PRODUCT else "vendor_id"
    alone = "one_product" if by is Grouping.PRODUCT else "one_vendor"
    blocked = ", ".join(str(rank(readiness)) for readiness in BLOCKED)
    return f"""
    {with_readiness(bound)},
    pair AS (
        SELECT DISTINCT usage.collectivite_id, usage.{key}
        FROM usage JOIN state ON state.id = usage.collectivite_id
        WHERE state.rank IN ({blocked})
    ),
    blocking AS (
        SELECT pair.{key}, count(*) AS blocked,
               count(*) FILTER (WHERE state.{alone}) AS blocked_alone,
               coalesce(sum(state.population) FILTER (WHERE state.kind = 'COMMUNE'), 0)
                   AS population,
               {_stratum_columns(scope)}
        FROM pair JOIN state ON state.id = pair.collectivite_id
        GROUP BY pair.{key}
    ),
    connected AS (
        SELECT {key}, count(DISTINCT collectivite_id) AS clients
        FROM usage WHERE rank = 0 GROUP BY {key}
    ),
    ranked AS (
        SELECT row_number() OVER (
                   ORDER BY blocking.blocked DESC, blocking.population DESC, vendor.siren{
        ", product.slug" if by is Grouping.PRODUCT else ""
    }
               ) AS position,
               blocking.*, coalesce(connected.clients, 0) AS connected_clients,
               vendor.id AS blocking_vendor_id, vendor.siren AS vendor_siren,
               vendor.name AS vendor_name, {_product_columns(by)}
        FROM blocking LEFT JOIN connected USING ({key}) {_identity(by)}
    )
    """


def _stratum_columns(scope: Scope) -> str:
    return ", ".join(
        f"count(*) FILTER (WHERE '{stratum}' = ANY(strata)) AS blocked_{stratum.lower()}, "
        f"coalesce(sum(state.population) FILTER (WHERE '{stratum}' = ANY(strata)), 0)"
        f" AS population_{stratum.lower()}"
        for stratum in scope.listed_strata
    )


def _product_columns(by: Grouping) -> str:
    if by is Grouping.VENDOR:
        return """
            NULL AS slug, NULL AS product_name, NULL AS verdict,
            (SELECT max(verdict.declared_on) FROM verdict
             WHERE verdict.vendor_id = blocking.vendor_id) AS declared_on"""
    return """
        product.slug, product.name AS product_name, verdict.verdict, verdict.declared_on"""


def _identity(by: Grouping) -> str:
    if by is Grouping.VENDOR:
        return "JOIN vendor ON vendor.id = blocking.vendor_id"
    return """
        JOIN verdict USING (product_id)
        JOIN product ON product.id = blocking.product_id
        JOIN vendor ON vendor.id = product.vendor_id"""


def _blocker(row: Any, scope: Scope) -> Blocker:
    verdict = row["verdict"]
    return Blocker(
        rank=row["position"],
        vendor_id=row["blocking_vendor_id"],
        vendor_siren=row["vendor_siren"],
        vendor_name=row["vendor_name"],
        product_id=row.get("product_id"),
        slug=row["slug"],
        product_name=row["product_name"],
        verdict=None if verdict is None else Verdict(verdict),
        blocked=row["blocked"],
        blocked_alone=row["blocked_alone"],
        population=row["population"],
        by_stratum=tuple(
            StratumCount(
                stratum,
                row[f"blocked_{stratum.lower()}"],
                row[f"population_{stratum.lower()}"],
            )
            for stratum in scope.listed_strata
        ),
        connected_clients=row["connected_clients"],
        declared_on=row["declared_on"],
    )
