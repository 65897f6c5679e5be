"""How many collectivités are connected, ready or blocked, stratum by stratum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Stratum
from registry.domain.rollout import dated
from registry.domain.rollout.readiness import with_state
from registry.domain.rollout.scope import Bound, Scope, bind


@dataclass(frozen=True, slots=True)
class Counts:
    total: int = 0
    connected: int = 0
    connected_with_prefill: int = 0
    ready: int = 0
    ready_unverified: int = 0
    cost_unknown: int = 0
    blocked_by_surcharge: int = 0
    blocked_by_software: int = 0
    blocked_undeclared: int = 0
    no_known_software: int = 0
    no_online_demarche: int = 0


@dataclass(frozen=True, slots=True)
class StratumCoverage:
    stratum: Stratum
    counts: Counts
    target_share: Decimal | None
    target_count: int | None

    @property
    def missing(self) -> int | None:
        return _missing(self.target_count, self.counts)


@dataclass(frozen=True, slots=True)
class TotalCoverage:
    """Distinct collectivités; the target is the campaign's, for the whole country only."""

    counts: Counts
    target_count: int | None

    @property
    def missing(self) -> int | None:
        return _missing(self.target_count, self.counts)


@dataclass(frozen=True, slots=True)
class Coverage:
    as_of: date
    strata: tuple[StratumCoverage, ...]
    total: TotalCoverage


def counted(states: str) -> str:
    """A query of ``states``, each with the ``sign`` it counts for: a row for each set of strata,
    as ``models.CoverageCount`` has it.
    """
    return f"""
        SELECT strata, sum(sign) AS total,
               {_count("rank = 0", "connected")},
               {_count("rank = 0 AND prefilled", "connected_with_prefill")},
               {_count("rank = 1", "ready")},
               {_count("rank = 1 AND NOT evidenced", "ready_unverified")},
               {_count("rank = 2", "cost_unknown")},
               {_count("rank = 3", "blocked_by_surcharge")},
               {_count("rank = 4", "blocked_by_software")},
               {_count("rank = 4 AND NOT declared", "blocked_undeclared")},
               {_count("rank = 5", "no_known_software")},
               {_count("rank = 5 AND offline", "no_online_demarche")}
        FROM {states} GROUP BY strata
    """


def _count(condition: str, name: str) -> str:
    return f"coalesce(sum(sign) FILTER (WHERE {condition}), 0) AS {name}"


def own_counts(bound: Bound) -> str:
    """A query of ``counted`` over the scope; it reads ``state`` where they are not stored."""
    if bound.stored and bound.whole:
        return """
            SELECT * FROM coverage_count
            WHERE basis = :basis AND strata && CAST(:strata AS text[])
        """
    return counted("(SELECT 1 AS sign, * FROM state) AS one")


def with_counts(bound: Bound) -> str:
    """``count``: the rows of ``counted`` over the scope."""
    beginning = "WITH" if bound.stored and bound.whole else f"{with_state(bound)},"
    return f"{beginning} count AS ({own_counts(bound)})"


LINES = f"""
SELECT line.name, {", ".join(f"CAST(sum({name}) AS int) AS {name}" for name in Counts.__slots__)}
FROM count CROSS JOIN LATERAL unnest(strata || ARRAY['TOTAL']) AS line(name)
WHERE line.name = 'TOTAL' OR line.name = ANY(:strata)
GROUP BY line.name
"""

TARGETS = sa.text(
    "SELECT stratum, share, total_target FROM campaign"
    " LEFT JOIN target ON target.campaign_id = campaign.id"
)


DATED_LINES = LINES.replace("line.name,", "place, line.name,", 1).replace("BY ", "BY place, ")


async def measure(session: AsyncSession, scope: Scope) -> Coverage:
    return await measure_bound(session, scope, await bind(session, scope))


async def measure_each(
    session: AsyncSession, scope: Scope, days: Sequence[date]
) -> tuple[Coverage, ...]:
    """At each of those dates, in order and once each, on which ``scope`` says nothing."""
    if len(days) == 1:
        return (await measure(session, replace(scope, as_of=days[0])),)
    bound = await bind(session, scope)
    values = bound.values | dated.values_of(days)
    rows = await session.execute(sa.text(dated.with_counts(bound) + DATED_LINES), values)
    counted: list[dict[str, Counts]] = [{} for _ in days]
    for row in rows.mappings():
        counted[row["place"]][row["name"]] = _counts(row)
    targets = (await session.execute(TARGETS)).all()
    return tuple(
        _coverage(scope, day, found, targets) for day, found in zip(days, counted, strict=True)
    )


async def measure_bound(
    session: AsyncSession, scope: Scope, bound: Bound, counts: str | None = None
) -> Coverage:
    """``counts``: common table expressions that end with ``count``, where others than the scope's
    own are to be read.
    """
    rows = await session.execute(sa.text((counts or with_counts(bound)) + LINES), bound.values)
    counted = {row["name"]: _counts(row) for row in rows.mappings()}
    return _coverage(scope, bound.as_of, counted, (await session.execute(TARGETS)).all())


def _coverage(
    scope: Scope, day: date, counted: Mapping[str, Counts], targets: Sequence[Any]
) -> Coverage:
    shares = {stratum: share for stratum, share, _ in targets}
    strata = tuple(
        _stratum(stratum, counted.get(stratum, Counts()), shares.get(stratum))
        for stratum in scope.listed_strata
    )
    national = None if scope.narrowed else targets[0].total_target
    return Coverage(day, strata, TotalCoverage(counted.get("TOTAL", Counts()), national))


def _counts(row: Any) -> Counts:
    return Counts(**{name: row[name] for name in Counts.__slots__})


def _stratum(stratum: Stratum, counts: Counts, share: Decimal | None) -> StratumCoverage:
    wanted = None
    if share is not None:
        wanted = int((share * counts.total).to_integral_value(ROUND_CEILING))
    return StratumCoverage(stratum, counts, share, wanted)


def _missing(target: int | None, counts: Counts) -> int | None:
    return None if target is None else max(0, target - counts.connected)
