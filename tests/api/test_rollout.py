import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask
from tests.api.test_collectivites import EPCI
from tests.api.test_vendors import AUBEPINE, SILENT
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")


async def test_coverage_counts_each_stratum_and_the_whole(ask: Ask) -> None:
    coverage = (await ask("Coverage"))["coverage"]
    assert coverage["asOf"] == str(today())
    lines = {line["stratum"]: line for line in coverage["strata"]}
    assert list(lines) == ["DEPARTEMENT", "EPCI", "COMMUNE_OVER_3500", "COMMUNE_UP_TO_3500"]
    large = lines["COMMUNE_OVER_3500"]
    assert (large["total"], large["connected"], large["connectedWithPrefill"]) == (2, 1, 1)
    assert (large["blockedBySoftware"], large["blockedUndeclared"]) == (1, 1)
    assert (large["targetShare"], large["targetCount"], large["missing"]) == (0.5, 1, 0)
    small = lines["COMMUNE_UP_TO_3500"]
    assert (small["total"], small["ready"], small["readyUnverified"]) == (5, 1, 0)
    assert (small["costUnknown"], small["blockedBySurcharge"]) == (1, 1)
    assert (small["noKnownSoftware"], small["noOnlineDemarche"]) == (2, 1)
    assert (small["targetCount"], small["missing"]) == (1, 1)
    total = coverage["total"]
    assert (total["total"], total["targetCount"], total["missing"]) == (8, 5000, 4999)


async def test_coverage_of_a_scope(ask: Ask) -> None:
    scope = {"epci": EPCI, "strata": ["COMMUNE_UP_TO_3500"], "basis": "CONFIRMED"}
    coverage = (await ask("Coverage", scope=scope))["coverage"]
    (line,) = coverage["strata"]
    assert (line["total"], line["noKnownSoftware"]) == (1, 1)
    assert coverage["total"]["targetCount"] is None


async def test_answers_of_a_past_date_come_from_the_dated_histories(ask: Ask) -> None:
    """Qualified half a year ago, in production since June 2025, and a vendor that signed in 2022
    for a time that is over.
    """
    early = {"asOf": "2024-03-01"}
    coverage = (await ask("Coverage", scope=early))["coverage"]
    total = coverage["total"]
    assert (coverage["asOf"], total["connected"], total["ready"]) == ("2024-03-01", 0, 1)
    assert (total["blockedBySurcharge"], total["blockedBySoftware"]) == (1, 3)
    blockers = (await ask("Blockers", scope=early))["blockers"]
    assert blockers["asOf"] == "2024-03-01"
    ranked = [
        (edge["node"]["product"]["slug"], edge["node"]["blocked"]) for edge in blockers["edges"]
    ]
    assert ranked == [("mairie", 2), ("famille", 2), ("guichet", 1)]
    future = (await ask("Coverage", scope={"asOf": "2199-12-31"}))["coverage"]
    assert future["total"] == (await ask("Coverage"))["coverage"]["total"]


async def test_blockers_rank_products(ask: Ask) -> None:
    blockers = (await ask("Blockers"))["blockers"]
    assert (blockers["totalCount"], blockers["noKnownSoftware"], blockers["costUnknown"]) == (
        2,
        3,
        1,
    )
    assert blockers["asOf"] == str(today())
    first, second = (edge["node"] for edge in blockers["edges"])
    assert (first["rank"], first["product"]["slug"], first["vendor"]["siren"]) == (
        1,
        "mairie",
        SILENT,
    )
    assert (first["verdict"], first["blocked"], first["blockedAlone"]) == ("NOT_INTEGRATED", 1, 1)
    assert (first["population"], first["declaredOn"], first["connectedClients"]) == (9000, None, 0)
    counts = {line["stratum"]: line["blocked"] for line in first["byStratum"]}
    assert counts["COMMUNE_OVER_3500"] == 1
    assert sum(counts.values()) == 1
    assert (second["rank"], second["vendor"]["siren"], second["verdict"]) == (
        2,
        AUBEPINE,
        "SURCHARGE",
    )
    assert second["declaredOn"] == "2024-02-01"


@pytest.mark.parametrize("operation", ["Blockers", "BlockersByVendor"])
async def test_blockers_come_by_pages(ask: Ask, operation: str) -> None:
    ranks, after, previous = [], None, []
    while True:
        page = (await ask(operation, first=1, after=after))["blockers"]
        ranks += [edge["node"]["rank"] for edge in page["edges"]]
        previous.append(page["pageInfo"]["hasPreviousPage"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert ranks == [1, 2]
    assert previous == [False, True]
    beyond = (await ask(operation, after=after))["blockers"]
    assert (beyond["edges"], beyond["totalCount"]) == ([], 2)


async def test_blockers_by_vendor_have_no_product(ask: Ask) -> None:
    nodes = [edge["node"] for edge in (await ask("BlockersByVendor"))["blockers"]["edges"]]
    assert [(node["vendor"]["siren"], node["blocked"]) for node in nodes] == [
        (SILENT, 1),
        (AUBEPINE, 1),
    ]
    assert all(node["product"] is None and node["verdict"] is None for node in nodes)


async def test_blockers_of_a_demarche(ask: Ask) -> None:
    blockers = (await ask("Blockers", scope={"demarche": "ETAT_CIVIL"}))["blockers"]
    assert [edge["node"]["blocked"] for edge in blockers["edges"]] == [2]


@pytest.mark.parametrize("operation", ["Coverage", "Blockers", "BlockersByVendor"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("departement", "99"), ("region", "00"), ("epci", siren(1))],
)
async def test_an_unknown_territory_is_refused(
    refusal: Ask, operation: str, field: str, value: str
) -> None:
    refused = await refusal(operation, scope={field: value})
    assert refused == {"code": "BAD_USER_INPUT", "field": field}


async def test_a_cursor_of_another_grouping_is_refused(ask: Ask, refusal: Ask) -> None:
    cursor = (await ask("Blockers"))["blockers"]["pageInfo"]["endCursor"]
    refused = await refusal("BlockersByVendor", after=cursor)
    assert refused == {"code": "BAD_USER_INPUT", "field": "after"}
