"""Products renamed and transferred, vendors merged: what is kept, and what it then means."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Commitment, CommitmentState, Source, Vendor
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.api.test_vendors import AUBEPINE, CEDRE, EBENE, SILENT
from tests.factories import add, history, product, siren, vendor

pytestmark = pytest.mark.usefixtures("world")

FAMILLE: dict[str, Any] = {"vendorSiren": EBENE, "product": "famille", "version": 1}
OWN = sa.text("""
    SELECT state, effective_on, valid_until, declared_by, charter_version, exclusions, reason
    FROM commitment JOIN product ON product.id = product_id WHERE slug = :slug
    ORDER BY effective_on, commitment.id
""")


async def own(database: Database, slug: str) -> list[sa.Row[Any]]:
    async with database.read() as session:
        return [*await session.execute(OWN, {"slug": slug})]


async def key(ask: Ask, vendor_siren: str, slug: str) -> tuple[str, str] | None:
    found = (await ask("Product", vendorSiren=vendor_siren, slug=slug))["product"]
    return found and (found["vendor"]["siren"], found["slug"])


async def say(database: Database, *steps: tuple[str, str | None, str, date], **cells: Any) -> None:
    """Commitments: SIREN, slug or none, state, day; all of one history."""
    async with database.transaction(ADMINISTRATOR) as session:
        rows = []
        for owner, slug, state, day in steps:
            vendor_id, product_id = (
                await session.execute(
                    sa.text(
                        "SELECT vendor.id, product.id FROM vendor LEFT JOIN product"
                        " ON vendor_id = vendor.id AND slug = :slug WHERE siren = :siren"
                    ),
                    {"slug": slug, "siren": owner},
                )
            ).one()
            rows.append(
                Commitment(
                    vendor_id=vendor_id,
                    product_id=product_id,
                    state=CommitmentState(state),
                    effective_on=day,
                    declared_by=Source.VENDOR,
                    **cells,
                )
            )
        await add(session, *history(*rows))


async def test_a_renamed_product_answers_to_its_former_keys(
    ask: Ask, write: Ask, ministry: str, written: Written
) -> None:
    renamed = await write("RenameProduct", ministry, **FAMILLE, slug="portail")
    assert renamed["slug"] == "portail"
    assert renamed["formerKeys"] == [
        {"vendorSiren": EBENE, "slug": "famille"},
        {"vendorSiren": AUBEPINE, "slug": "ancien"},
    ]
    for former in ((EBENE, "famille"), (EBENE, "portail"), (AUBEPINE, "ancien")):
        assert await key(ask, *former) == (EBENE, "portail")
    assert [entry[:2] for entry in await written()] == [
        ("rename", "product"),
        ("create", "product_former_key"),
    ]


async def test_a_product_may_take_its_own_former_key_back(
    ask: Ask, write: Ask, ministry: str, written: Written
) -> None:
    await write("RenameProduct", ministry, **FAMILLE, slug="portail")
    back = await write("RenameProduct", ministry, **FAMILLE | {"version": 2}, slug="famille")
    assert back["slug"] == "famille"
    assert {"vendorSiren": EBENE, "slug": "portail"} in back["formerKeys"]
    assert {"vendorSiren": EBENE, "slug": "famille"} not in back["formerKeys"]
    assert [entry[:2] for entry in await written()][2:] == [
        ("rename", "product"),
        ("create", "product_former_key"),
        ("delete", "product_former_key"),
    ]
    assert await key(ask, EBENE, "portail") == (EBENE, "famille")


async def test_a_key_that_means_another_product_is_not_taken(
    write: Ask, token: Token, ministry: str, written: Written
) -> None:
    taken = await write("RenameProduct", ministry, **FAMILLE, slug="interne")
    assert (taken["__typename"], taken["field"]) == ("AlreadyExists", "slug")
    await write("RenameProduct", ministry, **FAMILLE, slug="portail")
    interne = {"vendorSiren": EBENE, "product": "interne", "version": 1}
    former = await write("RenameProduct", ministry, **interne, slug="famille")
    assert former["__typename"] == "AlreadyExists"
    same = await write("RenameProduct", ministry, **interne, slug="interne")
    malformed = await write("RenameProduct", ministry, **interne, slug="Été")
    late = await write("RenameProduct", ministry, **interne | {"version": 7}, slug="neuf")
    assert [same["__typename"], malformed["__typename"], late["__typename"]] == [
        "Invalid",
        "Invalid",
        "Conflict",
    ]
    assert len(await written()) == 2


async def test_a_key_is_not_taken_while_it_becomes_a_former_one(
    ask: Ask, write: Ask, token: Token, ministry: str
) -> None:
    added = {"name": "Autre", "citizenLogin": True, "demarches": ["AUTRE"], "slug": "famille"}
    owner = await token(EBENE)
    renamed, refused = await asyncio.gather(
        write("RenameProduct", ministry, **FAMILLE, slug="portail"),
        write("AddProduct", owner, vendorSiren=EBENE, **added),
    )
    assert (renamed["__typename"], refused["__typename"]) == ("Product", "AlreadyExists")
    assert await key(ask, EBENE, "famille") == (EBENE, "portail")


async def test_a_transferred_product_keeps_its_keys_and_the_seller_s_word(
    ask: Ask, write: Ask, ministry: str, database: Database, written: Written
) -> None:
    """Its buyer refuses the commitment, the seller had signed it."""
    moved = await write("TransferProduct", ministry, **FAMILLE, newVendorSiren=AUBEPINE)
    assert moved["vendor"] == {"siren": AUBEPINE}
    assert {"vendorSiren": EBENE, "slug": "famille"} in moved["formerKeys"]
    assert await key(ask, EBENE, "famille") == (AUBEPINE, "famille")
    (step,) = await own(database, "famille")
    assert step.state == "SIGNED"
    assert step.effective_on == date(2024, 1, 10)
    assert (step.charter_version, step.exclusions) == ("2022-03-07", "module de paiement")
    assert EBENE in step.reason
    found = (await ask("Product", vendorSiren=AUBEPINE, slug="famille"))["product"]
    assert (found["verdict"], found["clientCount"]) == ("READY", 2)
    assert not found["commitment"]["vendorWide"]
    assert [entry[:2] for entry in await written()] == [
        ("transfer", "product"),
        ("create", "product_former_key"),
        ("transfer", "commitment"),
    ]
    assert (await ask("Vendor", siren=EBENE))["vendor"]["commitment"]["state"] == "SIGNED"


async def test_a_transfer_back_leaves_one_key_for_each_vendor(
    write: Ask, ministry: str, database: Database
) -> None:
    await write("TransferProduct", ministry, **FAMILLE, newVendorSiren=CEDRE)
    back = await write(
        "TransferProduct",
        ministry,
        vendorSiren=CEDRE,
        product="famille",
        version=2,
        newVendorSiren=EBENE,
    )
    keys = [(k["vendorSiren"], k["slug"]) for k in back["formerKeys"]]
    assert sorted(keys) == sorted([(AUBEPINE, "ancien"), (CEDRE, "famille")])
    assert len(await own(database, "famille")) == 1


@pytest.mark.parametrize(
    ("said", "cells", "states"),
    [
        ("DECLINED", {}, ["DECLINED"]),
        ("SIGNED", {}, ["SIGNED"]),
        ("WITHDRAWN", {}, ["WITHDRAWN"]),
        ("INVITED", {}, ["INVITED", "SIGNED"]),
        ("SIGNED", {"valid_until": date(2025, 3, 31)}, ["SIGNED", "SIGNED"]),
        ("BREACHED", {}, ["BREACHED"]),
    ],
)
async def test_a_product_s_own_word_yields_or_stands(
    ask: Ask,
    write: Ask,
    ministry: str,
    database: Database,
    said: str,
    cells: dict[str, date],
    states: list[str],
) -> None:
    await say(database, (EBENE, "famille", said, date(2024, 6, 1)), **cells)
    asked = {"vendorSiren": EBENE, "slug": "famille"}
    before = (await ask("Product", **asked))["product"]["verdict"]
    moved = await write("TransferProduct", ministry, **FAMILLE, newVendorSiren=AUBEPINE)
    assert moved["__typename"] == "Product"
    steps = await own(database, "famille")
    assert [step.state for step in steps] == states
    first_day = date(2025, 4, 1) if cells else date(2024, 6, 1)
    assert steps[-1].effective_on == (first_day if len(steps) > 1 else date(2024, 6, 1))
    assert (await ask("Product", **asked))["product"]["verdict"] == before


async def test_what_a_seller_withdrew_follows_an_invitation_by_the_arrows(
    write: Ask, ministry: str, database: Database
) -> None:
    await say(database, (EBENE, "famille", "INVITED", date(2023, 6, 1)))
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "UPDATE commitment SET effective_until = :day WHERE state = 'SIGNED'"
                " AND product_id IS NULL AND effective_until IS NULL"
                " AND vendor_id = (SELECT id FROM vendor WHERE siren = :siren)"
            ),
            {"day": date(2024, 9, 1), "siren": EBENE},
        )
    await say(database, (EBENE, None, "WITHDRAWN", date(2024, 9, 1)))
    await write("TransferProduct", ministry, **FAMILLE, newVendorSiren=AUBEPINE)
    steps = await own(database, "famille")
    assert [step.state for step in steps] == ["INVITED", "SIGNED", "WITHDRAWN"]
    assert {step.effective_on for step in steps[1:]} == {date(2024, 9, 1)}


async def test_a_refusal_cannot_follow_what_expired(
    write: Ask, ministry: str, database: Database, written: Written
) -> None:
    guichet = {"vendorSiren": AUBEPINE, "product": "guichet", "version": 1}
    yesterday = today() - timedelta(days=1)
    await say(database, (AUBEPINE, "guichet", "SIGNED", date(2024, 6, 1)), valid_until=yesterday)
    refused = await write("TransferProduct", ministry, **guichet, newVendorSiren=EBENE)
    assert (refused["__typename"], refused["currentState"]) == ("NotInThisState", "EXPIRED")
    assert refused["allowed"] == ["SIGNED"]
    assert await written() == []


async def test_where_the_seller_said_nothing_the_buyer_s_word_applies(
    ask: Ask, write: Ask, ministry: str, database: Database
) -> None:
    cantine = {"vendorSiren": CEDRE, "product": "cantine", "version": 1}
    await write("TransferProduct", ministry, **cantine, newVendorSiren=EBENE)
    assert await own(database, "cantine") == []
    found = (await ask("Product", vendorSiren=CEDRE, slug="cantine"))["product"]
    assert (found["commitment"]["state"], found["commitment"]["vendorWide"]) == ("SIGNED", True)


@pytest.mark.parametrize(
    ("buyer", "answer"),
    [(EBENE, "Invalid"), (siren(99970000), "Invalid"), ("12", "Invalid")],
)
async def test_a_product_goes_to_another_known_vendor(
    write: Ask, ministry: str, written: Written, buyer: str, answer: str
) -> None:
    refused = await write("TransferProduct", ministry, **FAMILLE, newVendorSiren=buyer)
    assert refused["__typename"] == answer
    assert await written() == []


async def test_a_merged_vendor_s_siren_means_the_other(
    ask: Ask, write: Ask, token: Token, ministry: str, written: Written
) -> None:
    node = (await ask("Vendor", siren=EBENE))["vendor"]["id"]
    merged = await write("MergeVendors", ministry, siren=EBENE, targetSiren=SILENT)
    assert (merged["__typename"], merged["siren"]) == ("Vendor", SILENT)
    found = (await ask("Vendor", siren=EBENE))["vendor"]
    assert (found["siren"], found["products"]["totalCount"]) == (SILENT, 3)
    assert (await ask("Node", id=node))["node"]["mergedInto"] == {"siren": SILENT}
    for wanted in ((EBENE, "famille"), (SILENT, "famille"), (EBENE, "mairie")):
        assert await key(ask, *wanted) == (SILENT, wanted[1])
    assert (await ask("Vendor", siren=CEDRE))["vendor"]["parent"] == {"siren": SILENT}
    vendors = (await ask("Vendors", filter={"sirens": [EBENE]}))["vendors"]
    assert [edge["node"]["siren"] for edge in vendors["edges"]] == [SILENT]
    assert (await ask("Vendors"))["vendors"]["totalCount"] == 3
    products = (await ask("Products", filter={"vendorSiren": EBENE}))["products"]
    assert products["totalCount"] == 3
    found = (await ask("Search", text="Ébène"))["search"]
    assert [row["__typename"] for row in found] == ["Product"]
    edited = await write(
        "EditVendor", await token(EBENE), siren=EBENE, version=merged["version"], name="Réunis"
    )
    assert (edited["siren"], edited["name"]) == (SILENT, "Réunis")
    nouns = {entry[:2] for entry in await written()}
    assert nouns >= {
        ("transfer", "product"),
        ("create", "product_former_key"),
        ("transfer", "commitment"),
        ("merge", "vendor"),
    }


async def test_vendors_merged_in_turn_mean_the_last(ask: Ask, write: Ask, ministry: str) -> None:
    for first, second in ((EBENE, SILENT), (SILENT, CEDRE)):
        merged = await write("MergeVendors", ministry, siren=first, targetSiren=second)
        assert merged["__typename"] == "Vendor"
    for one in (EBENE, SILENT, CEDRE):
        found = (await ask("Vendor", siren=one))["vendor"]
        assert (found["siren"], found["parent"]) == (CEDRE, None)
    again = await write("MergeVendors", ministry, siren=EBENE, targetSiren=CEDRE)
    assert [fault["field"] for fault in again["errors"]] == ["targetSiren"]
    created = await write("CreateVendor", ministry, siren=EBENE, name="Ébène")
    assert (created["__typename"], CEDRE in created["message"]) == ("AlreadyExists", True)


async def test_a_target_that_stood_below_takes_the_source_s_place(
    ask: Ask, write: Ask, ministry: str, database: Database
) -> None:
    """Top above Ébène, Ébène above Cèdre, Cèdre above Low: Ébène goes into Low."""
    async with database.transaction(ADMINISTRATOR) as session:
        top, low = vendor(99980001, "Haut"), vendor(99980002, "Bas")
        await add(session, top, low)
        ids = dict((await session.execute(sa.select(Vendor.siren, Vendor.id))).all())
        low.parent_id = ids[CEDRE]
        await session.execute(
            sa.text("UPDATE vendor SET parent_id = :top WHERE siren = :siren"),
            {"top": top.id, "siren": EBENE},
        )
    await write("MergeVendors", ministry, siren=EBENE, targetSiren=low.siren)
    assert (await ask("Vendor", siren=low.siren))["vendor"]["parent"] == {"siren": top.siren}
    assert (await ask("Vendor", siren=CEDRE))["vendor"]["parent"] == {"siren": low.siren}


async def test_products_of_one_slug_stop_a_merger_by_name(
    write: Ask, ministry: str, database: Database, written: Written
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        owner = await session.scalar(sa.select(Vendor).where(Vendor.siren == AUBEPINE))
        await add(session, product(owner, "interne", "Autre interne"))
    refused = await write("MergeVendors", ministry, siren=EBENE, targetSiren=AUBEPINE)
    assert refused["__typename"] == "AlreadyExists"
    assert "« interne »" in refused["message"]
    assert "famille" not in refused["message"]
    assert await written() == []
    renamed = {"vendorSiren": EBENE, "product": "interne", "version": 1, "slug": "interne-ebene"}
    await write("RenameProduct", ministry, **renamed)
    merged = await write("MergeVendors", ministry, siren=EBENE, targetSiren=AUBEPINE)
    assert merged["__typename"] == "Vendor"


async def test_whoever_took_over_a_merged_record_has_the_other(
    write: Ask, token: Token, ministry: str
) -> None:
    await write("RegisterVendor", await token(CEDRE), siren=CEDRE, name="Cèdre & Fils")
    merged = await write("MergeVendors", ministry, siren=CEDRE, targetSiren=SILENT)
    assert merged["claimed"]
    known = await write("RegisterVendor", await token(CEDRE), siren=CEDRE, name="Cèdre")
    assert known["__typename"] == "AlreadyExists"
