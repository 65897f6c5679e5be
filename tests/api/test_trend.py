from typing import Any

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")


async def test_the_trend_follows_each_stratum(ask: Ask) -> None:
    period = {"from": "2025-05-15", "to": "2025-07-01", "step": "MONTH"}
    found = (await ask("Trend", **period))["trend"]
    points = found["points"]
    assert [point["asOf"] for point in points] == ["2025-05-15", "2025-06-15", "2025-07-01"]
    assert [point["total"]["connected"] for point in points] == [0, 1, 1]
    large = [line for line in points[-1]["strata"] if line["stratum"] == "COMMUNE_OVER_3500"]
    assert [line["connected"] for line in large] == [1]
    assert [pace["stratum"] for pace in found["pace"]] == [
        "DEPARTEMENT",
        "EPCI",
        "COMMUNE_OVER_3500",
        "COMMUNE_UP_TO_3500",
        None,
    ]
    connected = found["pace"][-1]["connected"]
    assert (connected["start"], connected["end"], connected["gained"]) == (0, 1, 1)
    assert connected["perMonth"] == pytest.approx(30.4375 / 47)


async def test_the_trend_ends_today(ask: Ask) -> None:
    found = (await ask("Trend", **{"from": str(today())}, scope={"strata": ["EPCI"]}))["trend"]
    assert [point["asOf"] for point in found["points"]] == [str(today())]
    assert [pace["connected"]["perMonth"] for pace in found["pace"]] == [None, None]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "2024-01-02", "to": "2024-01-01"}, "from"),
        ({"from": "2020-01-01", "to": "2024-01-01"}, "step"),
        ({"from": "2024-01-01", "to": "2300-01-01"}, "to"),
        ({"from": "2024-01-01", "scope": {"asOf": "2024-01-01"}}, "asOf"),
        ({"from": str(today()), "scope": {"epci": siren(1)}}, "epci"),
    ],
)
async def test_a_trend_that_cannot_be_is_refused(
    refusal: Ask, asked: dict[str, Any], field: str
) -> None:
    assert await refusal("Trend", **asked) == {"code": "BAD_USER_INPUT", "field": field}


async def test_a_trend_costs_what_it_reads_whatever_it_brings(answer: Ask) -> None:
    reply = await answer("Trend", **{"from": str(today())})
    assert reply["extensions"]["cost"] > 1_000
