import base64
from typing import Any

import pytest

from registry.api import plan
from tests.api.conftest import Ask
from tests.api.test_collectivites import EPCI
from tests.api.test_vendors import AUBEPINE, SILENT
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")

OVER = {"strata": ["COMMUNE_OVER_3500"]}


async def vendor_id(ask: Ask, key: str) -> str:
    return str((await ask("Vendor", siren=key))["vendor"]["id"])


async def product_id(ask: Ask, key: str, slug: str) -> str:
    found = await ask("Product", vendorSiren=key, slug=slug)
    return str(found["product"]["id"])


async def test_a_simulation_tells_before_and_after(ask: Ask) -> None:
    fixes = [
        {"vendor": await vendor_id(ask, SILENT)},
        {"product": await product_id(ask, AUBEPINE, "guichet")},
    ]
    found = (await ask("Simulation", fixes=fixes))["simulation"]
    assert found["unlocked"] == 2
    before, after = found["before"]["total"], found["after"]["total"]
    assert before == (await ask("Coverage"))["coverage"]["total"]
    assert (after["ready"], after["blockedBySurcharge"], after["blockedBySoftware"]) == (3, 0, 0)
    assert after["readyUnverified"] == before["readyUnverified"] + 2
    scoped = (await ask("Simulation", fixes=fixes, scope=OVER))["simulation"]
    assert scoped["unlocked"] == 1


async def test_what_no_citizen_signs_in_to_changes_nothing(ask: Ask) -> None:
    fixes = [{"product": await product_id(ask, siren(99990000), "interne")}]
    found = (await ask("Simulation", fixes=fixes))["simulation"]
    assert (found["unlocked"], found["before"]) == (0, found["after"])


async def test_a_plan_tells_each_step_and_what_stands_in_the_way(ask: Ask) -> None:
    found = (await ask("Plan"))["plan"]
    assert (found["reachable"], found["optimal"], found["relativeGap"]) == (False, True, 0)
    assert found["initialGap"] - found["gap"] == found["steps"][-1]["unlockedCumulated"] == 3
    assert [proof["objective"] for proof in found["proofs"]] == ["GAP", "STEPS", "UNLOCKED"]
    assert all(proof["reached"] == proof["bound"] for proof in found["proofs"])
    assert [step["rank"] for step in found["steps"]] == [1, 2, 3]
    step = next(one for one in found["steps"] if one["vendor"]["siren"] == SILENT)
    assert step["product"] is None
    assert [(p["product"]["slug"], p["verdict"], p["unlocked"]) for p in step["products"]] == [
        ("mairie", "NOT_INTEGRATED", 1)
    ]
    assert step["clientsByPopulation"] == [
        {"least": 3501, "most": 19999, "count": 1, "population": 9000}
    ]
    total = found["targets"][-1]
    assert (total["stratum"], total["targetCount"], total["reachable"]) == (None, 5000, False)
    assert (total["reached"], total["best"], total["missing"]) == (5, 5, 4995)
    assert (total["noKnownSoftware"], total["costUnknown"]) == (3, 0)
    assert found["after"]["total"]["ready"] == 4


async def test_nothing_to_close_is_no_step(ask: Ask) -> None:
    found = (await ask("Plan", scope=OVER))["plan"]
    assert (found["steps"], found["reachable"], found["optimal"]) == ([], True, True)


async def test_a_plan_by_product_knows_who_refused_and_who_promised(ask: Ask) -> None:
    found = (
        await ask(
            "Plan",
            by="PRODUCT",
            excluded=[{"vendor": await vendor_id(ask, AUBEPINE)}],
            promised=[{"product": await product_id(ask, SILENT, "mairie")}],
        )
    )["plan"]
    assert [step["product"]["slug"] for step in found["steps"]] == ["cantine"]
    assert found["before"]["total"]["ready"] == 1
    assert found["after"]["total"]["ready"] == 3


async def test_a_plan_of_so_many_steps_at_most(ask: Ask) -> None:
    found = (await ask("Plan", atMost=1))["plan"]
    assert len(found["steps"]) == 1
    assert [proof["objective"] for proof in found["proofs"]] == ["GAP", "UNLOCKED", "STEPS"]


async def test_a_plan_without_time_claims_nothing(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "TIME_LIMIT", 0.0)
    found = (await ask("Plan", atMost=2))["plan"]
    assert len(found["steps"]) == 2
    assert not found["optimal"]


UNKNOWN = base64.b64encode(b"Vendor:999999999").decode()
NOT_A_VENDOR = base64.b64encode(b"Product:1").decode()


@pytest.mark.parametrize(
    "fix", [{"vendor": UNKNOWN}, {"vendor": NOT_A_VENDOR}, {"product": "?"}, {"vendor": ""}]
)
async def test_what_is_nothing_of_ours_is_refused(refusal: Ask, fix: dict[str, Any]) -> None:
    for operation, argument in (
        ("Simulation", "fixes"),
        ("Plan", "excluded"),
        ("Plan", "promised"),
    ):
        refused = await refusal(operation, **{argument: [fix]})
        assert refused == {"code": "BAD_USER_INPUT", "field": argument}


async def test_too_much_at_once_is_refused(ask: Ask, refusal: Ask) -> None:
    many = [
        {"vendor": base64.b64encode(f"Vendor:{number}".encode()).decode()}
        for number in range(1, 202)
    ]
    assert await refusal("Simulation", fixes=many) == {"code": "BAD_USER_INPUT", "field": "fixes"}
    assert await refusal("Plan", atMost=0) == {"code": "BAD_USER_INPUT", "field": "atMost"}
    own = [{"vendor": await vendor_id(ask, SILENT)}]
    refused = await refusal("Plan", excluded=own, promised=own)
    assert refused == {"code": "BAD_USER_INPUT", "field": "excluded"}


@pytest.mark.parametrize(
    ("field", "value"), [("departement", "99"), ("region", "00"), ("epci", siren(1))]
)
async def test_an_unknown_territory_is_refused(refusal: Ask, field: str, value: str) -> None:
    expected = {"code": "BAD_USER_INPUT", "field": field}
    assert await refusal("Plan", scope={field: value}) == expected
    assert await refusal("Simulation", fixes=[], scope={field: value}) == expected


async def test_a_plan_of_an_epci(ask: Ask) -> None:
    found = (await ask("Plan", scope={"epci": EPCI}))["plan"]
    assert found["targets"][0]["stratum"] == "DEPARTEMENT"
    assert {target["stratum"] for target in found["targets"]} >= {"EPCI"}


async def test_a_plan_costs_what_it_asks(answer: Ask) -> None:
    told = await answer("Plan")
    assert told["extensions"]["cost"] > 1_000
