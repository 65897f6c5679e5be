from datetime import timedelta
from typing import Any

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask

pytestmark = pytest.mark.usefixtures("world")


async def test_each_target_has_its_forecast(ask: Ask) -> None:
    wanted = today() + timedelta(days=365)
    found = (await ask("Forecast", neededBy=str(wanted)))["forecast"]
    assert (found["asOf"], found["neededBy"]) == (str(today()), str(wanted))
    targets = {target["stratum"]: target for target in found["targets"]}
    assert list(targets)[-1] is None
    large = targets["COMMUNE_OVER_3500"]
    assert (large["connected"], large["targetCount"], large["missing"]) == (1, 1, 0)
    assert (large["reachedOn"], large["earliest"], large["latest"]) == (str(today()),) * 3
    small = targets["COMMUNE_UP_TO_3500"]
    assert (small["missing"], small["pace"], small["reachedOn"]) == (1, 0, None)
    assert small["paceNeeded"] == pytest.approx(30.4375 / 365)
    assert targets[None]["missing"] == 4999
    assert "ligne droite" in found["method"]
    assert "pas une probabilité" in found["limits"]


async def test_a_narrowed_scope_has_no_target_of_the_campaign(ask: Ask) -> None:
    found = (await ask("Forecast", scope={"strata": ["EPCI"]}))["forecast"]
    assert [target["stratum"] for target in found["targets"]] == ["EPCI"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"neededBy": str(today())}, "neededBy"), ({"scope": {"asOf": "2024-01-01"}}, "asOf")],
)
async def test_a_forecast_that_cannot_be_is_refused(
    refusal: Ask, asked: dict[str, Any], field: str
) -> None:
    assert await refusal("Forecast", **asked) == {"code": "BAD_USER_INPUT", "field": field}
