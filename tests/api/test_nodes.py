import base64

import pytest

from tests.api.conftest import Ask
from tests.api.test_vendors import EBENE

pytestmark = pytest.mark.usefixtures("world")


async def test_an_id_gives_its_object_back(ask: Ask) -> None:
    town = (await ask("Collectivite", code="01001"))["collectivite"]
    vendor = (await ask("Vendor", siren=EBENE))["vendor"]
    product = (await ask("Product", vendorSiren=EBENE, slug="famille"))["product"]
    declared = (await ask("Declarations", vendorSiren=EBENE, slug="famille"))["product"]
    used = town["deployments"][0]
    for node, expected in (
        (vendor, {"__typename": "Vendor", "siren": EBENE, "mergedInto": None}),
        (product, {"__typename": "Product", "slug": "famille"}),
        (town, {"__typename": "Collectivite", "code": "01001"}),
        (
            declared["integrationHistory"][0],
            {"__typename": "Integration", "service": "FRANCECONNECT_V2"},
        ),
        (declared["commitment"], {"__typename": "Commitment", "vendorWide": True}),
        (
            used,
            {
                "__typename": "Deployment",
                "demarche": "PERISCOLAIRE",
                "collectivite": {"code": "01001"},
            },
        ),
    ):
        assert (await ask("Node", id=node["id"]))["node"] == expected | {"id": node["id"]}


def identifier(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "Vendor:999999999",
        "Product:999999999",
        "Collectivite:999999999",
        "Deployment:999999999999999999",
        "Ledger:1",
    ],
)
async def test_an_id_of_nothing_is_null(ask: Ask, text: str) -> None:
    assert (await ask("Node", id=identifier(text)))["node"] is None


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "x",
        "é",
        identifier("Vendor"),
        identifier("Vendor:"),
        identifier("Vendor:01"),
        identifier("Vendor:-1"),
        identifier("Vendor:1\n"),
        identifier("Vendor:" + "9" * 19),
        identifier("Vendor:1") + "=",
    ],
)
async def test_a_malformed_id_is_refused(refusal: Ask, malformed: str) -> None:
    assert await refusal("Node", id=malformed) == {"code": "BAD_USER_INPUT", "field": "id"}
