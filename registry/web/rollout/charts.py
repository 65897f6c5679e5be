"""Points made into the lines of a chart; ``rollout/charts.html`` draws them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from registry.domain.rollout.trend import MONTH
from registry.web.french import number

WIDTH, HEIGHT = 380, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 26
RUNGS = 4
"""At most so many steps of the counts."""
MARGIN = 26
"""Of a date's words to the sides."""
MONTHS = (
    *("janv.", "févr.", "mars", "avril", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)

Point = tuple[date, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """Days go right, counts go up from nothing to ``most``; what lies beyond is at the edge."""

    start: date
    end: date
    most: int

    def x(self, day: date) -> float:
        span = (self.end - self.start).days or 1
        share = (day - self.start).days / span
        return round(LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, count: float) -> float:
        share = count / (self.most or 1)
        return round(HEIGHT - BOTTOM - min(max(share, 0), 1) * (HEIGHT - TOP - BOTTOM), 1)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected: a pace, and the slowest and fastest of its range, a month."""

    pace: float
    slowest: float
    fastest: float
    until: date


@dataclass(frozen=True, slots=True)
class Series:
    """What was seen, a point a date. ``within``: the ready too; ``total``: of them all."""

    connected: Sequence[Point]
    within: Sequence[Point]
    total: int
    target: int | None = None
    ahead: Ahead | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths are SVG data; ``rungs`` and ``marks`` are places on an axis, with their words."""

    connected: str
    within: str
    dots: tuple[tuple[float, float], ...]
    rungs: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str], ...]
    now: float
    target: float | None
    pace: str | None
    reach: str | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(series: Series) -> Chart:
    last, ahead = series.connected[-1], series.ahead
    slow = fast = straight = None
    if ahead is not None:
        slow, fast, straight = (
            onward(last, pace, ahead.until, series.total)
            for pace in (ahead.slowest, ahead.fastest, ahead.pace)
        )
    counts = [count for _, count in (*series.connected, *series.within, *(fast or ()))]
    steps = rungs(max([*counts, series.target or 0]))
    end = ahead.until if ahead else last[0]
    scale = Scale(series.connected[0][0], end, steps[-1])
    return Chart(
        connected=path(scale, series.connected),
        within=path(scale, series.within),
        dots=tuple((scale.x(day), scale.y(count)) for day, count in series.connected),
        rungs=tuple((scale.y(step), number(step)) for step in steps),
        marks=tuple(marks(scale)),
        now=scale.x(last[0]),
        target=None if series.target is None else scale.y(series.target),
        pace=path(scale, straight) if straight else None,
        reach=f"{path(scale, [*fast, *reversed(slow)])} Z" if fast and slow else None,
    )


def path(scale: Scale, points: Sequence[Point]) -> str:
    return " ".join(
        f"{'L' if index else 'M'}{scale.x(day)} {scale.y(count)}"
        for index, (day, count) in enumerate(points)
    )


def onward(start: Point, per_month: float, end: date, most: int) -> list[Point]:
    """A straight line from there on, level once it comes to nothing, or to all of them."""
    day, count = start
    length = (end - day).days
    reached = count + per_month * length / MONTH
    if 0 <= reached <= most or not per_month:
        return [start, (end, reached)]
    limit = float(most if reached > most else 0)
    wait = ceil((limit - count) * MONTH / per_month)
    return [start, (day + timedelta(days=min(max(wait, 0), length)), limit), (end, limit)]


def rungs(most: float) -> list[int]:
    """From nothing to the first round number that is no less than ``most``."""
    size = max(1, ceil(most))
    power = 10 ** max(0, len(str(size)) - 2)
    step = next(
        step
        for scale in (power, power * 10, power * 100)
        for step in (scale, scale * 2, scale * 5)
        if step * RUNGS >= size
    )
    return [step * rung for rung in range(ceil(size / step) + 1)]


def marks(scale: Scale) -> Iterator[tuple[float, str]]:
    """The first days of quarters, or of every other one on a longer axis."""
    every = 3 if (scale.end - scale.start).days < 500 else 6
    for year in range(scale.start.year, scale.end.year + 1):
        for month in range(1, 13, every):
            day = date(year, month, 1)
            place = scale.x(day)
            inside = LEFT + MARGIN <= place <= WIDTH - RIGHT - MARGIN
            if scale.start <= day <= scale.end and inside:
                yield place, f"{MONTHS[month - 1]} {year % 100:02d}"
