"""Coverage over the last twelve months, and when the targets are reached at that pace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Stratum
from registry.auth.prices import FORECAST, TREND
from registry.domain.freshness import months_after
from registry.domain.rollout import forecast
from registry.domain.rollout.coverage import StratumCoverage
from registry.domain.rollout.forecast import Forecast, TargetForecast
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.trend import Trend
from registry.exchange.lists import Format, Record
from registry.web import kept
from registry.web.exports import export, from_rows
from registry.web.rollout import charts
from registry.web.rollout.charts import Ahead, Chart, Series
from registry.web.rollout.coverage import COLUMNS, Line, lines_of, name_of, records
from registry.web.rollout.scopes import asked
from registry.web.visits import Visit

AHEAD = 12
"""Months of the forecast that a chart shows."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line of coverage over time: ``points`` are what its chart shows, with their dates."""

    key: str
    name: str
    points: tuple[tuple[date, Line], ...]
    chart: Chart
    expected: TargetForecast | None


async def show(visit: Visit) -> Response:
    wanted = await asked(visit)
    past, expected = await _read(visit, wanted.scope)
    return visit.page(
        "rollout/trend.html", asked=wanted, drawn=[*drawn(past, expected)], forecast=expected
    )


async def file(format: Format, visit: Visit) -> Response:
    wanted = await asked(visit)

    async def read(session: AsyncSession) -> list[Record]:
        past, _ = await forecast.with_trend(session, wanted.scope)
        return [
            {"as_of": point.as_of} | dict(record)
            for point in past.points
            for record in records(point)
        ]

    price = TREND.of(wanted.scope) + FORECAST.of(wanted.scope)
    source = from_rows(("as_of", *COLUMNS), read)
    return await export(visit, format, "tendance", source, price)


async def _read(visit: Visit, scope: Scope) -> tuple[Trend, Forecast]:
    async def read(session: AsyncSession) -> tuple[Trend, Forecast]:
        return await forecast.with_trend(session, scope)

    return await kept.read(visit, ("trend", scope), read, TREND.of(scope) + FORECAST.of(scope))


def drawn(past: Trend, expected: Forecast) -> Iterator[Drawn]:
    """The whole first, then each stratum."""
    targets = {target.stratum: target for target in expected.targets}
    lines = zip(*(lines_of(point) for point in past.points), strict=True)
    dates = [point.as_of for point in past.points]
    *strata, every = (tuple(zip(dates, line, strict=True)) for line in lines)
    for points in (every, *strata):
        yield _drawn(points, targets)


def _drawn(
    points: tuple[tuple[date, Line], ...], targets: Mapping[Stratum | None, TargetForecast]
) -> Drawn:
    _, line = points[-1]
    stratum = line.stratum if isinstance(line, StratumCoverage) else None
    expected = targets.get(stratum)
    return Drawn(
        key=(stratum or "total").lower(),
        name=name_of(line),
        points=points,
        chart=charts.chart(_series(points, expected)),
        expected=expected,
    )


def _series(points: tuple[tuple[date, Line], ...], expected: TargetForecast | None) -> Series:
    day, line = points[-1]
    ahead = None
    if expected is not None:
        until = months_after(day, AHEAD)
        ahead = Ahead(expected.pace, expected.slowest, expected.fastest, until)
    return Series(
        connected=[(day, line.counts.connected) for day, line in points],
        within=[(day, line.counts.connected + line.counts.ready) for day, line in points],
        total=line.counts.total,
        target=line.target_count,
        ahead=ahead,
    )
