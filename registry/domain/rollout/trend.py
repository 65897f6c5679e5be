"""Coverage over time, and how fast it moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from models import Stratum
from registry.domain import days
from registry.domain.clock import today
from registry.domain.errors import InvalidInput
from registry.domain.freshness import months_after
from registry.domain.rollout.coverage import Counts, Coverage, measure_each
from registry.domain.rollout.scope import Scope

MOST_POINTS = 25
MONTH = 30.4375
"""Days of a month, on average."""


class Step(StrEnum):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


MONTHS = {Step.MONTH: 1, Step.QUARTER: 3, Step.YEAR: 12}
DAYS = {Step.DAY: 1, Step.WEEK: 7}


@dataclass(frozen=True, slots=True)
class Gain:
    """A count at both ends of a period; ``per_month`` is none where it has no length."""

    start: int
    end: int
    per_month: float | None

    @property
    def gained(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Pace:
    """Of a stratum, or of all together where ``stratum`` is none."""

    stratum: Stratum | None
    connected: Gain
    ready: Gain


@dataclass(frozen=True, slots=True)
class Trend:
    step: Step
    points: tuple[Coverage, ...]
    pace: tuple[Pace, ...]


async def trend(
    session: AsyncSession,
    scope: Scope,
    start: date,
    end: date | None = None,
    step: Step = Step.MONTH,
) -> Trend:
    """Raise ``InvalidInput`` for dates that can't be, and for more points than are allowed."""
    refuse_as_of(scope, "« from » et « to »")
    return of_points(step, await measure_each(session, scope, _dates(start, end or today(), step)))


def of_points(step: Step, points: tuple[Coverage, ...]) -> Trend:
    return Trend(step, points, _paces(points[0], points[-1]))


def refuse_as_of(scope: Scope, instead: str) -> None:
    if scope.as_of is not None:
        raise InvalidInput(
            "as_of", f"« asOf » n’a pas de sens ici : {instead} disent les dates lues."
        )


def _dates(start: date, end: date, step: Step) -> list[date]:
    days.possible("from", start)
    days.possible("to", end)
    if start > end:
        raise InvalidInput("from", f"Le {start:%d/%m/%Y} est après le {end:%d/%m/%Y}.")
    found = []
    for day in _steps(start, step):
        found.append(min(day, end))
        if day >= end:
            return found
        if len(found) == MOST_POINTS:
            break
    raise InvalidInput(
        "step",
        f"Cette période donne plus de {MOST_POINTS} dates : prendre un pas plus long, ou demander"
        " la période en plusieurs fois.",
    )


def _steps(start: date, step: Step) -> Iterator[date]:
    """Each counted from the first, so that the 31st comes back after a shorter month."""
    for number in count():
        if step in MONTHS:
            yield months_after(start, number * MONTHS[step])
        else:
            yield start + timedelta(days=number * DAYS[step])


def _paces(first: Coverage, last: Coverage) -> tuple[Pace, ...]:
    length = (last.as_of - first.as_of).days
    return (
        *(
            _pace(after.stratum, before.counts, after.counts, length)
            for before, after in zip(first.strata, last.strata, strict=True)
        ),
        _pace(None, first.total.counts, last.total.counts, length),
    )


def _pace(stratum: Stratum | None, first: Counts, last: Counts, length: int) -> Pace:
    return Pace(
        stratum,
        _gain(first.connected, last.connected, length),
        _gain(first.ready, last.ready, length),
    )


def _gain(start: int, end: int, length: int) -> Gain:
    return Gain(start, end, per_month(end - start, length))


def per_month(gained: int, length: int) -> float | None:
    """``length`` is in days."""
    return gained * MONTH / length if length else None
