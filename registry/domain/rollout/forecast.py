"""When the targets are reached if the last twelve months go on, and the pace that they need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Stratum
from registry.domain import days
from registry.domain.clock import today
from registry.domain.errors import InvalidInput
from registry.domain.freshness import months_after, months_before
from registry.domain.rollout.coverage import (
    Coverage,
    StratumCoverage,
    TotalCoverage,
    measure_each,
)
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.trend import MONTH, Step, Trend, of_points, refuse_as_of

METHOD = (
    "Prolongement en ligne droite : au rythme des douze derniers mois (collectivités raccordées"
    " aujourd’hui, moins celles qui l’étaient il y a douze mois), combien de jours pour ce qui"
    " manque. La fourchette prend le rythme du plus rapide et du plus lent des quatre derniers"
    " trimestres."
)
LIMITS = (
    "Seules les collectivités raccordées comptent, pas celles qui sont prêtes. Cinq dates lues,"
    " sans saison ni tendance : ce n’est pas une probabilité. Le passé est celui des dates"
    " déclarées, telles que corrigées depuis, sur la géographie d’aujourd’hui. Un rythme nul ou"
    " négatif, ou une date après 2199, ne donne pas de date."
)
MONTHS = range(12, -1, -1)
QUARTERS = MONTHS[::3]
"""How many months ago each date is."""

DEADLINE = sa.text("SELECT deadline FROM campaign")


@dataclass(frozen=True, slots=True)
class TargetForecast:
    """Of a stratum, or of the campaign's total where ``stratum`` is none.

    Paces are in collectivités per month. ``reached_on`` is today for what is reached, none for
    what never is; so are ``earliest`` and ``latest``.
    """

    stratum: Stratum | None
    connected: int
    target_count: int
    missing: int
    pace: float
    fastest: float
    slowest: float
    pace_needed: float
    reached_on: date | None
    earliest: date | None
    latest: date | None


@dataclass(frozen=True, slots=True)
class Forecast:
    as_of: date
    since: date
    deadline: date
    needed_by: date
    targets: tuple[TargetForecast, ...]
    method: str = METHOD
    limits: str = LIMITS


@dataclass(frozen=True, slots=True)
class _Span:
    """What was gained in so many days."""

    gained: int
    length: int

    @property
    def per_month(self) -> float:
        return self.gained * MONTH / self.length

    def reaches(self, missing: int, day: date) -> date | None:
        """The first day when as much as ``missing`` has come; exact, as integers are."""
        if missing == 0:
            return day
        if self.gained <= 0:
            return None
        wait = -(-missing * self.length // self.gained)
        return day + timedelta(days=wait) if wait <= (days.LAST - day).days else None


async def forecast(session: AsyncSession, scope: Scope, needed_by: date | None = None) -> Forecast:
    """Raise ``InvalidInput`` for a date that is not to come."""
    return (await _read(session, scope, needed_by, QUARTERS))[1]


async def with_trend(
    session: AsyncSession, scope: Scope, needed_by: date | None = None
) -> tuple[Trend, Forecast]:
    """And the year that it goes on from, month by month: what both need is read once."""
    points, found = await _read(session, scope, needed_by, MONTHS)
    return of_points(Step.MONTH, points), found


async def _read(
    session: AsyncSession, scope: Scope, needed_by: date | None, months_ago: Sequence[int]
) -> tuple[tuple[Coverage, ...], Forecast]:
    refuse_as_of(scope, "les douze derniers mois")
    day = today()
    deadline: date = (await session.execute(DEADLINE)).scalar_one()
    wanted = _needed_by(deadline, day, needed_by)
    dates = {months: months_before(day, months) for months in months_ago}
    points = await measure_each(session, scope, [*dates.values()])
    quarters = tuple(
        point for months, point in zip(dates, points, strict=True) if months in QUARTERS
    )
    targets = tuple(_targets(quarters, wanted))
    return points, Forecast(day, points[0].as_of, deadline, wanted, targets)


def _needed_by(deadline: date, day: date, given: date | None) -> date:
    if given is not None:
        if given <= day:
            raise InvalidInput("needed_by", f"Le {given:%d/%m/%Y} n’est pas à venir.")
        return days.possible("needed_by", given)
    return deadline if deadline > day else months_after(day, 12)


def _targets(points: tuple[Coverage, ...], needed_by: date) -> Iterator[TargetForecast]:
    lines = [(*point.strata, point.total) for point in points]
    for history in zip(*lines, strict=True):
        now: StratumCoverage | TotalCoverage = history[-1]
        if now.target_count is not None:
            connected = [line.counts.connected for line in history]
            stratum = now.stratum if isinstance(now, StratumCoverage) else None
            dates = [point.as_of for point in points]
            yield _target(stratum, now.target_count, connected, dates, needed_by)


def _target(
    stratum: Stratum | None,
    target_count: int,
    connected: list[int],
    dates: list[date],
    needed_by: date,
) -> TargetForecast:
    day, now = dates[-1], connected[-1]
    missing = max(0, target_count - now)
    quarters = [
        _Span(after - before, (end - start).days)
        for (before, after), (start, end) in zip(pairwise(connected), pairwise(dates), strict=True)
    ]
    year = _Span(now - connected[0], (day - dates[0]).days)
    fastest = max(quarters, key=lambda quarter: quarter.per_month)
    slowest = min(quarters, key=lambda quarter: quarter.per_month)
    return TargetForecast(
        stratum,
        now,
        target_count,
        missing,
        pace=year.per_month,
        fastest=fastest.per_month,
        slowest=slowest.per_month,
        pace_needed=missing * MONTH / (needed_by - day).days,
        reached_on=year.reaches(missing, day),
        earliest=fastest.reaches(missing, day),
        latest=slowest.reaches(missing, day),
    )
