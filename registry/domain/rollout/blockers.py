"""Which software blocks the rollout, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Stratum
from registry.domain.rollout.coverage import with_counts
from registry.domain.rollout.readiness import BLOCKED, rank
from registry.domain.rollout.scope import Bound, Scope, bind
from registry.domain.rollout.verdicts import STORED, Verdict


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
    (SELECT coalesce(CAST(sum(no_known_software) AS int), 0) FROM count) AS no_known_software,
    (SELECT coalesce(CAST(sum(cost_unknown) AS int), 0) FROM count) AS cost_unknown
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


def tallied(states: str, by: Grouping) -> str:
    """A query of ``states``, each with the ``sign`` it counts for: a row for each product or
    vendor and set of strata, as ``models.BlockerCount`` has it.
    """
    subjects = "products" if by is Grouping.PRODUCT else "vendors"
    blocked = f"rank IN ({', '.join(str(rank(readiness)) for readiness in BLOCKED)})"
    return f"""
        SELECT subject_id, strata,
               coalesce(sum(sign) FILTER (WHERE {blocked}), 0) AS blocked,
               coalesce(sum(sign) FILTER (WHERE {blocked} AND cardinality({subjects}) = 1), 0)
                   AS blocked_alone,
               coalesce(sum(sign * population) FILTER (WHERE {blocked} AND kind = 'COMMUNE'), 0)
                   AS inhabitants,
               coalesce(sum(sign * population) FILTER (WHERE {blocked}), 0) AS population,
               coalesce(sum(sign) FILTER (WHERE subject_id = ANY(connected_{subjects})), 0)
                   AS connected_clients
        FROM {states} CROSS JOIN LATERAL unnest({subjects}) AS subject_id
        WHERE {blocked} OR subject_id = ANY(connected_{subjects})
        GROUP BY subject_id, strata
    """


def _with_tallies(bound: Bound, by: Grouping) -> str:
    """``verdict``, ``count`` of coverage, and ``tally``: the rows of ``tallied`` over the scope."""
    if bound.stored and bound.whole:
        return f"""
        {with_counts(bound)}, {STORED},
        tally AS (
            SELECT * FROM blocker_count
            WHERE basis = :basis AND grouping = '{by}' AND strata && CAST(:strata AS text[])
        )"""
    return (
        f"{with_counts(bound)}, tally AS ({tallied('(SELECT 1 AS sign, * FROM state) AS one', by)})"
    )


def _ranked(bound: Bound, scope: Scope, by: Grouping) -> str:
    return f"""
    {_with_tallies(bound, by)},
    blocking AS (
        SELECT subject_id, {_sum("blocked")}, {_sum("blocked_alone")},
               {_sum("inhabitants", "population")}, {_sum("connected_clients")},
               {_stratum_columns(scope)}
        FROM tally GROUP BY subject_id HAVING sum(blocked) > 0
    ),
    ranked AS (
        SELECT row_number() OVER (
                   ORDER BY blocking.blocked DESC, blocking.population DESC, vendor.siren{
        ", product.slug" if by is Grouping.PRODUCT else ""
    }
               ) AS position,
               blocking.*, vendor.id AS blocking_vendor_id, vendor.siren AS vendor_siren,
               vendor.name AS vendor_name, {_product_columns(by)}
        FROM blocking {_identity(by)}
    )
    """


def _sum(column: str, name: str | None = None, where: str = "true") -> str:
    total = f"coalesce(sum({column}) FILTER (WHERE {where}), 0)"
    return f"CAST({total} AS bigint) AS {name or column}"


def _stratum_columns(scope: Scope) -> str:
    return ", ".join(
        _sum(column, f"{column}_{stratum.lower()}", f"'{stratum}' = ANY(strata)")
        for stratum in scope.listed_strata
        for column in ("blocked", "population")
    )


def _product_columns(by: Grouping) -> str:
    if by is Grouping.VENDOR:
        return """
            NULL AS product_id, NULL AS slug, NULL AS product_name, NULL AS verdict,
            (SELECT max(verdict.declared_on) FROM verdict
             WHERE verdict.vendor_id = blocking.subject_id) AS declared_on"""
    return """
        product.id AS product_id, product.slug, product.name AS product_name,
        verdict.verdict, verdict.declared_on"""


def _identity(by: Grouping) -> str:
    if by is Grouping.VENDOR:
        return "JOIN vendor ON vendor.id = blocking.subject_id"
    return """
        JOIN verdict ON verdict.product_id = blocking.subject_id
        JOIN product ON product.id = blocking.subject_id
        JOIN vendor ON vendor.id = product.vendor_id"""


def _blocker(row: Any, scope: Scope) -> Blocker:
    verdict = row["verdict"]
    return Blocker(
        rank=row["position"],
        vendor_id=row["blocking_vendor_id"],
        vendor_siren=row["vendor_siren"],
        vendor_name=row["vendor_name"],
        product_id=row["product_id"],
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
