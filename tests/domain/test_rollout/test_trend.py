"""Coverage over time, and what it lets expect, held against the oracle and plain arithmetic."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain.clock import today
from registry.domain.errors import InvalidInput
from registry.domain.rollout import scope as scopes_asked
from registry.domain.rollout.forecast import TargetForecast, forecast
from registry.domain.rollout.trend import MOST_POINTS, Step, trend
from tests.domain.test_oracle.small import live, one_app, town, uses
from tests.domain.test_rollout.asking import as_asked, as_told
from tests.domain.test_rollout.loading import loaded
from tests.domain.test_rollout.test_against_oracle import steadily
from tests.effort import examples
from tests.oracle import CoverageRow, Scope, World, coverage
from tests.strategies import scopes, worlds
from tests.strategies.composition import at_dates

DEADLINE = sa.text("UPDATE campaign SET deadline = :day")
NATIONAL = scopes_asked.Scope()
STEPS = {Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 30, Step.QUARTER: 90, Step.YEAR: 365}


@st.composite
def periods(draw: st.DrawFn) -> tuple[World, Scope, date, date, Step]:
    world = draw(worlds())
    start, step = draw(at_dates()), draw(st.sampled_from(Step))
    end = start + timedelta(days=draw(st.integers(0, 6 * STEPS[step])))
    return world, draw(scopes(world)), start, end, step


def without_date(scope: Scope) -> scopes_asked.Scope:
    return replace(as_asked(scope), as_of=None)


@settings(steadily, max_examples=examples(60))
@given(periods())
async def test_each_point_is_the_coverage_of_its_date(
    database: Database, period: tuple[World, Scope, date, date, Step]
) -> None:
    world, scope, start, end, step = period
    async with loaded(database, world) as registry:
        found = await trend(registry.session, without_date(scope), start, end, step)
    dates = [point.as_of for point in found.points]
    assert dates == expected_dates(start, end, step)
    expected = [coverage(world, replace(scope, as_of=day)) for day in dates]
    assert [as_told(point) for point in found.points] == expected
    first, last = ((*answer.strata, answer.total) for answer in (expected[0], expected[-1]))
    for pace, before, after in zip(found.pace, first, last, strict=True):
        assert pace.stratum == before.stratum
        for name, gain in (("connected", pace.connected), ("ready", pace.ready)):
            assert (gain.start, gain.end) == (getattr(before, name), getattr(after, name))
            assert gain.gained == gain.end - gain.start
            months = (end - start).days / 30.4375
            wanted = pytest.approx(gain.gained / months) if months else None
            assert gain.per_month == wanted


def expected_dates(start: date, end: date, step: Step) -> list[date]:
    """Day by day: those that stand at a whole number of steps, and the end."""
    found = []
    day = start
    while day < end:
        if is_step(start, day, step):
            found.append(day)
        day += timedelta(days=1)
    return [*found, end]


def is_step(start: date, day: date, step: Step) -> bool:
    if step in (Step.DAY, Step.WEEK):
        return (day - start).days % STEPS[step] == 0
    months = (day.year - start.year) * 12 + day.month - start.month
    size = {Step.MONTH: 1, Step.QUARTER: 3, Step.YEAR: 12}[step]
    return months % size == 0 and day.day == min(start.day, monthrange(day.year, day.month)[1])


async def test_too_many_points_are_refused_with_the_way_out(database: Database) -> None:
    start = date(2020, 1, 31)
    async with database.read() as session:
        two_years = await trend(session, NATIONAL, start, date(2022, 1, 31))
        assert len(two_years.points) == MOST_POINTS
        assert two_years.points[1].as_of == date(2020, 2, 29)
        assert two_years.points[2].as_of == date(2020, 3, 31)
        with pytest.raises(InvalidInput, match="un pas plus long"):
            await trend(session, NATIONAL, start, date(2022, 2, 1))


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (date(2024, 1, 2), date(2024, 1, 1), "from"),
        (date(1899, 12, 31), None, "from"),
        (date(2024, 1, 1), date(2200, 1, 1), "to"),
        (date.max, date.max, "from"),
    ],
)
async def test_a_period_that_cannot_be_is_refused(
    database: Database, start: date, end: date | None, field: str
) -> None:
    async with database.read() as session:
        with pytest.raises(InvalidInput) as refused:
            await trend(session, NATIONAL, start, end)
    assert refused.value.field == field


async def test_a_scope_with_a_date_is_refused(database: Database) -> None:
    dated = scopes_asked.Scope(as_of=date(2024, 1, 1))
    async with database.read() as session:
        for asking in (trend(session, dated, date(2024, 1, 1)), forecast(session, dated)):
            with pytest.raises(InvalidInput, match="asOf") as refused:
                await asking
            assert refused.value.field == "as_of"


def ago(months: int) -> date:
    """So many months before today, day by day."""
    day = today()
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@st.composite
def recent_worlds(draw: st.DrawFn) -> World:
    """Forty towns, each connected some time in the last eighteen months, or never."""
    codes = [f"59{number:03d}" for number in range(1, draw(st.integers(2, 40)))]
    wait = st.none() | st.integers(0, 540)
    days = {code: draw(wait) for code in codes}
    stopped = {code: draw(st.none() | st.integers(0, 540)) for code in codes}
    active = []
    for code, back in days.items():
        if back is None:
            continue
        active.append(live(code, effective_on=today() - timedelta(days=back)))
        end = stopped[code]
        if end is not None and end < back:
            day = today() - timedelta(days=end)
            active.append(live(code, effective_on=day, state="SUSPENDED"))
    return one_app(
        bodies=tuple(town(code, draw(st.sampled_from((100, 5000)))) for code in codes),
        deployments=tuple(uses(code) for code in codes),
        activations=tuple(active),
    )


@settings(steadily, max_examples=examples(60))
@given(recent_worlds(), st.none() | st.integers(1, 5000))
async def test_a_forecast_is_plain_arithmetic(
    database: Database, world: World, wait: int | None
) -> None:
    wanted = None if wait is None else today() + timedelta(days=wait)
    async with loaded(database, world) as registry:
        found = await forecast(registry.session, NATIONAL, wanted)
    assert (found.as_of, found.since) == (today(), ago(12))
    assert found.needed_by == (wanted or date(today().year + 1, today().month, today().day))
    history = [coverage(world, Scope(as_of=ago(months))) for months in (12, 9, 6, 3, 0)]
    lines = [[*point.strata, point.total] for point in history]
    for target, *rows in zip(found.targets, *lines, strict=True):
        check_target(target, rows, found.needed_by)


def check_target(target: TargetForecast, rows: Sequence[CoverageRow], needed_by: date) -> None:
    connected = [row.connected for row in rows]
    missing = rows[-1].missing
    assert missing is not None
    told = (target.stratum, target.connected, target.target_count, target.missing)
    assert told == (rows[0].stratum, connected[-1], rows[-1].target_count, missing)
    dates = [ago(months) for months in (12, 9, 6, 3, 0)]
    daily = [
        Fraction(connected[i + 1] - connected[i], (dates[i + 1] - dates[i]).days) for i in range(4)
    ]
    year = Fraction(connected[4] - connected[0], (dates[4] - dates[0]).days)
    month = Fraction("30.4375")
    assert target.pace == pytest.approx(float(year * month))
    assert target.fastest == pytest.approx(float(max(daily) * month))
    assert target.slowest == pytest.approx(float(min(daily) * month))
    left = (needed_by - today()).days
    assert target.pace_needed == pytest.approx(float(Fraction(missing, left) * month))
    for pace, day in (
        (year, target.reached_on),
        (max(daily), target.earliest),
        (min(daily), target.latest),
    ):
        check_date(missing, pace, day)


def check_date(missing: int, pace: Fraction, day: date | None) -> None:
    """The first day by which that pace gives what is missing."""
    if missing == 0:
        assert day == today()
    elif pace <= 0:
        assert day is None
    elif day is None:
        assert pace * ((date(2199, 12, 31) - today()).days) < missing
    else:
        wait = (day - today()).days
        assert pace * wait >= missing > pace * (wait - 1)


async def test_what_is_needed_must_be_to_come(database: Database) -> None:
    async with database.read() as session:
        for day in (today(), date(2200, 1, 1)):
            with pytest.raises(InvalidInput) as refused:
                await forecast(session, NATIONAL, day)
            assert refused.value.field == "needed_by"


async def test_the_deadline_of_the_campaign_is_taken_while_it_is_to_come(
    database: Database,
) -> None:
    async with loaded(database, one_app()) as registry:
        await registry.session.execute(DEADLINE, {"day": today() + timedelta(days=1)})
        found = await forecast(registry.session, NATIONAL)
    assert found.needed_by == today() + timedelta(days=1)
    total = found.targets[-1]
    assert (total.stratum, total.missing, total.target_count) == (None, 5000, 5000)
    assert total.pace_needed == 5000 * 30.4375
