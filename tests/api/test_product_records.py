"""A product's record: added, edited, retired."""

from datetime import timedelta
from typing import Any

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.api.test_vendors import AUBEPINE, EBENE, SILENT

pytestmark = pytest.mark.usefixtures("world")

FAULTY = ["slug", "name", "demarches"]
AGORA = {
    "slug": "agora",
    "name": "Agora",
    "citizenLogin": True,
    "demarches": ["URBANISME", "PERISCOLAIRE", "URBANISME"],
}
FAMILLE: dict[str, Any] = {"vendorSiren": EBENE, "product": "famille", "version": 1}


async def test_a_vendor_adds_a_product(
    ask: Ask, write: Ask, token: Token, written: Written
) -> None:
    made = await write(
        "AddProduct", await token(EBENE), vendorSiren=EBENE, deliveryModel="SAAS", **AGORA
    )
    assert made["__typename"] == "Product"
    assert made["demarches"] == ["PERISCOLAIRE", "URBANISME"]
    assert (made["deliveryModel"], made["version"], made["retiredOn"]) == ("SAAS", 1, None)
    assert [entry[:2] for entry in await written()] == [("create", "product")]
    found = (await ask("Product", vendorSiren=EBENE, slug="agora"))["product"]
    assert (found["name"], found["verdict"]) == ("Agora", "NOT_INTEGRATED")
    assert (await ask("Search", text="agora"))["search"]


async def test_the_ministry_adds_a_product_of_a_vendor_that_says_nothing(
    write: Ask, ministry: str
) -> None:
    made = await write("AddProduct", ministry, vendorSiren=SILENT, **AGORA)
    assert made["vendor"] == {"siren": SILENT}


@pytest.mark.parametrize(
    ("vendor", "given", "answer", "fields"),
    [
        (EBENE, {"slug": "famille"}, "AlreadyExists", None),
        (AUBEPINE, {"slug": "ancien"}, "AlreadyExists", None),
        (EBENE, {"slug": "Été"}, "Invalid", ["slug"]),
        (EBENE, {"slug": "a" * 101}, "Invalid", ["slug"]),
        (
            EBENE,
            {"slug": "-", "name": "", "demarches": []},
            "Invalid",
            ["slug", "name", "demarches"],
        ),
    ],
)
async def test_what_is_refused_of_a_new_product(
    write: Ask,
    token: Token,
    written: Written,
    vendor: str,
    given: dict[str, Any],
    answer: str,
    fields: list[str] | None,
) -> None:
    made = await write("AddProduct", await token(vendor), vendorSiren=vendor, **AGORA | given)
    assert made["__typename"] == answer
    if fields is not None:
        assert [fault["field"] for fault in made["errors"]] == fields
    assert await written() == []


async def test_an_edit_changes_what_it_names_alone(
    ask: Ask, write: Ask, token: Token, written: Written
) -> None:
    by = await token(EBENE)
    edited = await write("EditProduct", by, **FAMILLE, name="Familles", deliveryModel=None)
    assert (edited["name"], edited["deliveryModel"], edited["version"]) == ("Familles", None, 2)
    assert edited["demarches"] == ["PERISCOLAIRE", "RESTAURATION_SCOLAIRE"]
    assert edited["citizenLogin"]
    later = await write("EditProduct", by, **FAMILLE, citizenLogin=False)
    assert (later["__typename"], later["currentVersion"]) == ("Conflict", 2)
    assert [entry[:2] for entry in await written()] == [("edit", "product")]
    assert (await ask("Products", filter={"text": "portail"}))["products"]["totalCount"] == 0


async def test_a_demarche_that_is_used_stays_covered(write: Ask, token: Token) -> None:
    by = await token(EBENE)
    unused = await write("EditProduct", by, **FAMILLE, demarches=["PERISCOLAIRE"])
    assert unused["demarches"] == ["PERISCOLAIRE"]
    refused = await write("EditProduct", by, **FAMILLE | {"version": 2}, demarches=["URBANISME"])
    assert refused["__typename"] == "Invalid"
    assert "périscolaire : 2 usage(s) enregistré(s), dont 2 en cours" in refused["message"]
    by = await token(AUBEPINE)
    guichet = {"vendorSiren": AUBEPINE, "product": "guichet", "version": 1}
    refused = await write("EditProduct", by, **guichet, demarches=["URBANISME"])
    assert "2 usage(s) enregistré(s), dont 1 en cours" in refused["message"]


async def test_a_retired_product_is_told_and_can_come_back(
    ask: Ask, write: Ask, token: Token, written: Written
) -> None:
    by = await token(EBENE)
    gone = await write("RetireProduct", by, **FAMILLE)
    assert (gone["retiredOn"], gone["version"]) == (str(today()), 2)
    assert await slugs(ask, retired=True) == ["famille"]
    assert "famille" not in await slugs(ask, retired=False)
    assert (await ask("Product", vendorSiren=EBENE, slug="famille"))["product"]["clientCount"] == 2
    soon = str(today() + timedelta(days=30))
    await write("RetireProduct", by, **FAMILLE | {"version": 2}, retiredOn=soon)
    assert await slugs(ask, retired=True) == []
    back = await write("RetireProduct", by, **FAMILLE | {"version": 3}, retiredOn=None)
    assert back["retiredOn"] is None
    assert [entry[0] for entry in await written()] == ["retire", "retire", "restore"]
    absurd = await write("RetireProduct", by, **FAMILLE | {"version": 4}, retiredOn="9999-01-01")
    assert [fault["field"] for fault in absurd["errors"]] == ["retiredOn"]


async def slugs(ask: Ask, **filter: Any) -> list[str]:
    products = (await ask("Products", filter=filter))["products"]
    return [edge["node"]["slug"] for edge in products["edges"]]


async def test_a_vendor_writes_only_its_own_products(
    write: Ask, token: Token, ministry: str, written: Written
) -> None:
    other = await token(AUBEPINE)
    for by, answer in ((None, "NotSignedIn"), (other, "NotAllowed")):
        added = await write("AddProduct", by, vendorSiren=EBENE, **AGORA)
        assert added["__typename"] == answer
        for operation, given in (
            ("EditProduct", {"name": "Pris"}),
            ("RetireProduct", {}),
            ("RenameProduct", {"slug": "pris"}),
            ("TransferProduct", {"newVendorSiren": AUBEPINE}),
        ):
            refused = await write(operation, by, **FAMILLE, **given)
            assert refused["__typename"] == answer, operation
    own = await write("RenameProduct", await token(EBENE), **FAMILLE, slug="mien")
    assert own["__typename"] == "NotAllowed"
    lost = await write("RetireProduct", ministry, **FAMILLE | {"product": "rien"})
    assert (lost["__typename"], lost["field"]) == ("NotFound", "product")
    assert await written() == []
