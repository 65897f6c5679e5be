"""Whatever is drawn stays inside its frame, and says what it was given."""

import re
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from registry.web.rollout.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Ahead,
    Chart,
    Scale,
    Series,
    chart,
    onward,
    rungs,
)

NUMBER = re.compile(r"[ML](-?[\d.]+) (-?[\d.]+)")
FIRST = date(2026, 1, 1)


@st.composite
def series(draw: st.DrawFn) -> Series:
    total = draw(st.integers(0, 40_000))
    gaps = draw(st.lists(st.integers(1, 400), max_size=24))
    dates = [FIRST + timedelta(days=sum(gaps[:length])) for length in range(len(gaps) + 1)]
    counts = st.integers(0, total)
    connected = [draw(counts) for _ in dates]
    paces = sorted(draw(st.floats(-3000, 3000)) for _ in range(3))
    ahead = Ahead(paces[1], paces[0], paces[2], dates[-1] + timedelta(draw(st.integers(1, 1000))))
    return Series(
        [*zip(dates, connected, strict=True)],
        [
            (day, draw(st.integers(count, total)))
            for day, count in zip(dates, connected, strict=True)
        ],
        total,
        draw(st.none() | st.integers(0, 40_000)),
        draw(st.none() | st.just(ahead)),
    )


def points(drawn: Chart) -> list[tuple[float, float]]:
    paths = [drawn.connected, drawn.within, drawn.pace or "", drawn.reach or ""]
    found = [(float(x), float(y)) for path in paths for x, y in NUMBER.findall(path)]
    found += drawn.dots
    found += [(x, TOP) for x, _ in drawn.marks] + [(LEFT, y) for y, _ in drawn.rungs]
    return [*found, (drawn.now, TOP), (LEFT, TOP if drawn.target is None else drawn.target)]


@given(series())
def test_every_point_is_inside_the_frame(given: Series) -> None:
    drawn = chart(given)
    for x, y in points(drawn):
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP <= y <= HEIGHT - BOTTOM
    assert len(NUMBER.findall(drawn.connected)) == len(given.connected) == len(drawn.dots)
    assert (drawn.pace is None) == (given.ahead is None) == (drawn.reach is None)


@given(series())
def test_more_is_higher_and_later_is_further(given: Series) -> None:
    drawn = chart(given)
    heights = {count: y for (_, count), (_, y) in zip(given.connected, drawn.dots, strict=True)}
    ordered = [heights[count] for count in sorted(heights)]
    assert ordered == sorted(ordered, reverse=True)
    assert [x for x, _ in drawn.dots] == sorted(x for x, _ in drawn.dots)


@given(st.floats(0, 10_000_000))
def test_the_axis_covers_in_few_round_steps(most: float) -> None:
    steps = rungs(most)
    assert steps[0] == 0
    assert steps[-1] >= most
    assert 2 <= len(steps) <= 5
    assert len({after - before for before, after in pairwise(steps)}) == 1


def test_a_line_goes_on_until_all_are_connected() -> None:
    end = date(2027, 1, 1)
    assert onward((FIRST, 10), 0, end, 20) == [(FIRST, 10), (end, 10)]
    bent = onward((FIRST, 10), 10, end, 20)
    assert bent[1:] == [(date(2026, 2, 1), 20), (end, 20)]
    assert onward((FIRST, 10), -10, end, 20)[-1] == (end, 0)


def test_places_are_in_proportion() -> None:
    scale = Scale(FIRST, FIRST + timedelta(days=100), 50)
    assert scale.x(FIRST + timedelta(days=50)) == (LEFT + WIDTH - RIGHT) / 2
    assert scale.y(25) == (TOP + HEIGHT - BOTTOM) / 2
