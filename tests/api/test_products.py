from datetime import timedelta

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask
from tests.api.test_vendors import AUBEPINE, CEDRE, EBENE, SILENT
from tests.factories import YEAR

pytestmark = pytest.mark.usefixtures("world")


async def test_a_product_and_what_was_said_of_it(ask: Ask) -> None:
    product = (await ask("Product", vendorSiren=EBENE, slug="famille"))["product"]
    assert product["name"] == "Portail Familles"
    assert product["deliveryModel"] == "SAAS"
    assert product["verdict"] == "READY"
    assert product["clientCount"] == 2
    assert product["vendor"]["contact"] == "contact@ebene.example"
    assert product["commitment"]["state"] == "SIGNED"
    assert product["commitment"]["vendorWide"]
    assert product["integrations"] == [
        {
            "service": "FRANCECONNECT_V2",
            "state": "QUALIFIED",
            "effectiveOn": str(today() - YEAR / 2),
            "declaredBy": "VENDOR",
            "evidenceLevel": "EVIDENCED",
            "evidenceUrl": None,
            "feeds": [],
            "targetDate": None,
            "minVersion": "4.2",
            "late": False,
            "stale": False,
        },
        {
            "service": "API_PARTICULIER",
            "state": "PLANNED",
            "effectiveOn": str(today() - 2 * YEAR),
            "declaredBy": "VENDOR",
            "evidenceLevel": "SELF_DECLARED",
            "evidenceUrl": None,
            "feeds": ["QUOTIENT_FAMILIAL"],
            "targetDate": str(today() - YEAR),
            "minVersion": None,
            "late": True,
            "stale": True,
        },
    ]
    assert [row["state"] for row in product["integrationHistory"]] == [
        "QUALIFIED",
        "PLANNED",
        "SANDBOX",
    ]


async def test_a_verdict_at_a_date(ask: Ask) -> None:
    before = today() - YEAR / 2 - timedelta(days=1)
    asked = {"vendorSiren": EBENE, "slug": "famille", "asOf": str(before)}
    assert (await ask("Product", **asked))["product"]["verdict"] == "NOT_INTEGRATED"


async def test_a_former_key_gives_the_product_that_it_became(ask: Ask) -> None:
    product = (await ask("Product", vendorSiren=AUBEPINE, slug="ancien"))["product"]
    assert (product["slug"], product["vendor"]["siren"]) == ("famille", EBENE)


async def test_a_vendor_wide_commitment_that_expired_is_no_promise(ask: Ask) -> None:
    product = (await ask("Product", vendorSiren=CEDRE, slug="cantine"))["product"]
    assert product["commitment"]["state"] == "EXPIRED"
    assert product["verdict"] == "COST_UNKNOWN"


async def test_an_unknown_product_is_null(ask: Ask) -> None:
    assert (await ask("Product", vendorSiren=EBENE, slug="rien"))["product"] is None


@pytest.mark.parametrize(
    ("vendor_siren", "slug", "field"),
    [(EBENE, "Été !", "slug"), (EBENE, "", "slug"), ("12", "famille", "vendorSiren")],
)
async def test_a_malformed_key_is_refused(
    refusal: Ask, vendor_siren: str, slug: str, field: str
) -> None:
    refused = await refusal("Product", vendorSiren=vendor_siren, slug=slug)
    assert refused == {"code": "BAD_USER_INPUT", "field": field}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["cantine", "mairie", "interne", "guichet", "famille"]),
        ({"text": "PORTAIL fam"}, ["famille"]),
        ({"text": "ete"}, ["guichet"]),
        ({"vendorSiren": EBENE}, ["interne", "famille"]),
        ({"demarche": "PERISCOLAIRE"}, ["guichet", "famille"]),
        ({"citizenLogin": False}, ["interne"]),
        ({"deliveryModel": "SAAS"}, ["famille"]),
        ({"vendorSiren": SILENT, "demarche": "AUTRE"}, []),
    ],
)
async def test_products_are_filtered_and_sorted_by_name(
    ask: Ask, wanted: dict[str, object], found: list[str]
) -> None:
    products = (await ask("Products", filter=wanted))["products"]
    assert [edge["node"]["slug"] for edge in products["edges"]] == found
    assert products["totalCount"] == len(found)


async def test_the_list_tells_what_each_product_is_worth(ask: Ask) -> None:
    products = (await ask("Products", orderBy="KEY_ASC"))["products"]
    nodes = [edge["node"] for edge in products["edges"]]
    assert [(node["slug"], node["clientCount"], node["verdict"]) for node in nodes] == [
        ("famille", 2, "READY"),
        ("interne", 1, "NOT_CONCERNED"),
        ("guichet", 1, "SURCHARGE"),
        ("cantine", 1, "COST_UNKNOWN"),
        ("mairie", 2, "NOT_INTEGRATED"),
    ]
    assert [len(node["integrations"]) for node in nodes] == [2, 0, 1, 1, 1]
