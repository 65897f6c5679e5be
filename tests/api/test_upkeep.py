"""Whatever is written, in whatever order or at once, what is derived follows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain.clock import today
from registry.domain.rollout import derived
from tests.api.conftest import Ask
from tests.api.sides import AUBEPINE, EBENE, NEIGHBOUR, TOWN, Sides
from tests.api.test_commitments import SIGNATURE
from tests.effort import examples

Write = tuple[str, str, dict[str, Any]]
"""An operation, the side that asks for it, and its input."""
Do = Callable[[Write], Awaitable[None]]

steadily = settings(
    max_examples=examples(60),
    deadline=None,
    derandomize=True,
    print_blob=True,
    # An example goes on from what the last one left.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
towns = st.sampled_from([f"0100{number}" for number in range(1, 8)])
days = st.integers(-9, 0).map(lambda days: str(today() + timedelta(days=days)))
demarches = st.sampled_from(["PERISCOLAIRE", "RESTAURATION_SCOLAIRE"])
moves = st.builds(lambda place: {"state": "PLANNED", "place": place}, st.integers(0, 5))
"""A state that can follow, by its place among them."""
products = st.sampled_from(
    [
        {"vendorSiren": EBENE, "product": "famille"},
        {"vendorSiren": AUBEPINE, "product": "guichet"},
    ]
)
sellers = {EBENE: "vendor", AUBEPINE: "competitor"}


@st.composite
def uses(draw: st.DrawFn) -> Write:
    operation = draw(st.sampled_from(["RecordActivation", "DeclareDeployment"]))
    used = draw(products)
    side = draw(st.sampled_from([sellers[used["vendorSiren"]], "ministry"]))
    given = {"collectivite": draw(towns), "demarche": draw(demarches)} | used
    if operation == "DeclareDeployment":
        return operation, side, given | {"since": draw(days)}
    service = draw(st.sampled_from(["FRANCECONNECT_V2", "API_PARTICULIER"]))
    return operation, sellers[used["vendorSiren"]], given | {"service": service} | draw(moves)


@st.composite
def integrations(draw: st.DrawFn) -> Write:
    used = draw(products)
    service = draw(st.sampled_from(["FRANCECONNECT_V2", "FRANCECONNECT_V1"]))
    given = used | {"service": service, "targetDate": str(today())} | draw(moves)
    return "RecordIntegration", sellers[used["vendorSiren"]], given


@st.composite
def commitments(draw: st.DrawFn) -> Write:
    used = draw(products)
    if draw(st.booleans()):
        used = {"vendorSiren": used["vendorSiren"]}
    side = sellers[used["vendorSiren"]]
    operation = draw(st.sampled_from(["SignCommitment", "WithdrawCommitment", "DeclineCommitment"]))
    given = SIGNATURE if operation == "SignCommitment" else {"reason": "Nouveau tarif"}
    return operation, side, used | given


offline = st.builds(
    lambda side, operation: (operation, *side),
    st.sampled_from([("town", {"collectivite": TOWN}), ("neighbour", {"collectivite": NEIGHBOUR})]),
    st.sampled_from(["DeclareNoOnlineDemarche", "WithdrawNoOnlineDemarche"]),
)
edits = st.sampled_from(
    [
        ("EditCampaign", "ministry", {"acceptedServices": services})
        for services in (["FRANCECONNECT_V1"], ["FRANCECONNECT_V1", "FRANCECONNECT_V2"])
    ]
    + [
        ("EditProduct", "vendor", {"vendorSiren": EBENE, "product": "famille", "citizenLogin": yes})
        for yes in (True, False)
    ]
)
writes = st.one_of(uses(), integrations(), uses(), commitments(), uses(), offline, edits)


def doing(write: Ask, ask: Ask, sides: Sides) -> Do:
    async def do(asked: Write) -> None:
        operation, side, given = asked[0], asked[1], {**asked[2]}
        if operation == "EditCampaign":
            given = given | {"version": (await ask("Campaign"))["campaign"]["version"]}
        if operation == "EditProduct":
            product = await ask("Product", vendorSiren=EBENE, slug="famille")
            given = given | {"version": product["product"]["version"]}
        by = getattr(sides, side)
        place = given.pop("place", 0)
        answer = await write(operation, by, **given)
        if "state" in given and answer.get("allowed"):
            state = answer["allowed"][place % len(answer["allowed"])]
            answer = await write(operation, by, **given | {"state": state})

    return do


async def differences(database: Database) -> list[str]:
    async with database.read() as session:
        return [fault async for _, fault in derived.differences(session) if fault]


@steadily
@given(st.lists(writes, min_size=4, max_size=10))
async def test_after_each_write_what_is_derived_is_what_would_be_computed(
    write: Ask, ask: Ask, sides: Sides, database: Database, walk: list[Write]
) -> None:
    do = doing(write, ask, sides)
    for asked in walk:
        await do(asked)
        assert await differences(database) == [], asked


@steadily
@given(st.lists(writes, min_size=6, max_size=12))
async def test_after_writes_at_once_what_is_derived_is_what_would_be_computed(
    write: Ask, ask: Ask, sides: Sides, database: Database, rush: list[Write]
) -> None:
    do = doing(write, ask, sides)
    await asyncio.gather(*map(do, rush))
    assert await differences(database) == []
