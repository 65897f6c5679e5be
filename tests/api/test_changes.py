from typing import Any

import pytest

from registry.database import Database
from registry.domain.clock import today
from registry.domain.rollout.periods import head
from tests.api.conftest import Ask
from tests.api.sides import EBENE, Sides
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")


async def test_what_moved_between_two_dates(ask: Ask) -> None:
    changes = (await ask("Changes", since="2025-05-31", until="2025-06-01"))["changes"]
    assert (changes["since"], changes["until"]) == ("2025-05-31", "2025-06-01")
    assert (changes["sinceEntry"], changes["untilEntry"]) == (None, None)
    assert changes["counts"] == {
        "moved": 1,
        "newlyConnected": 1,
        "newlyReady": 0,
        "newlyBlocked": 0,
        "noLongerConnected": 0,
    }
    (edge,) = changes["collectivites"]["edges"]
    assert edge["node"]["collectivite"]["code"] == "01001"
    assert (edge["node"]["before"], edge["node"]["after"]) == ("BLOCKED_BY_SOFTWARE", "CONNECTED")
    products = [edge["node"] for edge in changes["products"]["edges"]]
    assert [product["product"]["slug"] for product in products] == ["famille", "mairie"]
    assert all(product["clients"] == changes["counts"] for product in products)
    famille = products[0]
    assert (famille["verdictBefore"], famille["verdictAfter"]) == (
        "NOT_INTEGRATED",
        "NOT_INTEGRATED",
    )


async def test_a_kind_narrows_the_list_alone(ask: Ask) -> None:
    asked = {"since": "2025-05-31", "until": "2025-06-01", "kind": "NEWLY_BLOCKED"}
    changes = (await ask("Changes", **asked))["changes"]
    assert (changes["collectivites"]["totalCount"], changes["counts"]["moved"]) == (0, 1)


async def test_pages(ask: Ask) -> None:
    asked = {"since": "2022-01-01", "first": 1}
    codes, after, total = [], None, None
    while True:
        page = (await ask("Changes", **asked, after=after))["changes"]["collectivites"]
        codes += [edge["node"]["collectivite"]["code"] for edge in page["edges"]]
        total, after = page["totalCount"], page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert codes == sorted(codes) == ["01001", "01002", "01003", "01004", "01005"]
    assert total == 5


async def test_what_moved_since_an_entry_of_the_ledger(
    ask: Ask, write: Ask, sides: Sides, database: Database
) -> None:
    async with database.read() as session:
        before = await head(session)
    declared = await write(
        "RecordIntegration",
        sides.vendor,
        vendorSiren=EBENE,
        product="famille",
        service="FRANCECONNECT_V2",
        state="SUSPENDED",
        reason="Incident de sécurité.",
    )
    assert declared["__typename"] == "Integration", declared
    changes = (await ask("Changes", sinceEntry=before))["changes"]
    assert (changes["since"], changes["sinceEntry"]) == (str(today()), before)
    assert changes["untilEntry"] > before
    (edge,) = changes["collectivites"]["edges"]
    assert edge["node"]["collectivite"]["code"] == "01002"
    assert (edge["node"]["before"], edge["node"]["after"]) == ("READY", "BLOCKED_BY_SOFTWARE")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "since"),
        ({"since": "2024-01-01", "sinceEntry": 1}, "since"),
        ({"sinceEntry": 100_000}, "sinceEntry"),
        ({"since": "2024-01-01", "untilEntry": 1}, "untilEntry"),
    ],
)
async def test_moments_that_cannot_be_compared_are_refused(
    refusal: Ask, asked: dict[str, Any], field: str
) -> None:
    assert await refusal("Changes", **asked) == {"code": "BAD_USER_INPUT", "field": field}


@pytest.mark.parametrize(
    ("scope", "field"), [({"asOf": "2024-01-01"}, "asOf"), ({"epci": siren(1)}, "epci")]
)
async def test_a_scope_that_cannot_be_is_refused(
    answer: Ask, scope: dict[str, Any], field: str
) -> None:
    reply = await answer("Changes", since="2024-01-01", scope=scope)
    assert reply["data"] is None
    assert {error["extensions"]["field"] for error in reply["errors"]} == {field}
