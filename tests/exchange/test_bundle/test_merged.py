"""The SIREN of a merged vendor, in a file that still names it, means the one it became."""

from pathlib import Path

import pytest

from registry.database import Database
from registry.domain import mergers, products, vendors
from registry.domain.actor import ADMINISTRATOR, Actor, Role
from registry.exchange.datapass.importing import import_datapass
from tests.exchange.bundles import OTHER_VENDOR, VENDOR, exported, imported, refused, small, write
from tests.exchange.test_bundle.support import back
from tests.factories import establishment

MINISTRY = Actor(Role.MINISTRY, "ministère", "130025265")
DATAPASS = """
shared:
  neuf:
    type: saas
    name: Neuf
    siret: "{siret}"
    fc_certified: true
"""


@pytest.fixture
async def merged(filled: Database, tmp_path: Path) -> Database:
    """``VENDOR`` of the small bundle was merged into ``OTHER_VENDOR``."""
    other = [{"siren": OTHER_VENDOR, "name": "Autre"}]
    await imported(filled, write(tmp_path / "other", {"vendors": other}))
    async with filled.transaction(MINISTRY) as session:
        await mergers.merge(session, MINISTRY, VENDOR, OTHER_VENDOR)
    return filled


async def test_its_products_and_links_are_found(merged: Database, tmp_path: Path) -> None:
    files = small()
    for noun in ("vendors", "commitments"):
        files.pop(noun)
    assert (await imported(merged, write(tmp_path / "again", files))).nothing
    files["products"] = [files["products"][0] | {"slug": "neuf"}]
    report = await imported(merged, write(tmp_path / "new", {"products": files["products"]}))
    assert report.created == {"product": 1}
    rows = await back(merged, tmp_path / "out", "products")
    assert [(row["vendor_siren"], row["slug"]) for row in rows] == [
        (OTHER_VENDOR, "agora"),
        (OTHER_VENDOR, "neuf"),
    ]
    assert rows[0]["former_keys"] == f"{VENDOR}/agora"


async def test_its_record_is_the_other_s(merged: Database, tmp_path: Path) -> None:
    named = [{"siren": VENDOR, "name": "Réunis"}]
    report = await imported(merged, write(tmp_path / "named", {"vendors": named}))
    assert (report.created, report.changed) == ({}, {"vendor": 1})
    async with merged.read() as session:
        found = await vendors.by_siren(session, VENDOR)
    assert found is not None
    assert (found.siren, found.name, found.search) == (
        OTHER_VENDOR,
        "Réunis",
        f"reunis {OTHER_VENDOR}",
    )
    assert [row["siren"] for row in await back(merged, tmp_path / "out", "vendors")] == [
        OTHER_VENDOR
    ]


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([{"siren": VENDOR}, {"siren": OTHER_VENDOR}], "siren"),
        ([{"siren": OTHER_VENDOR, "parent_siren": VENDOR}], "parent_siren"),
    ],
)
async def test_both_keys_are_one_vendor(
    merged: Database, tmp_path: Path, rows: list[dict[str, str]], column: str
) -> None:
    files = {"vendors": [{"name": "Un", **row} for row in rows]}
    faults = await refused(merged, write(tmp_path / "both", files))
    assert {fault.column for fault in faults} == {column}


async def test_datapass_adds_to_the_vendor_that_it_became(merged: Database, tmp_path: Path) -> None:
    path = tmp_path / "datapass.yml"
    path.write_text(DATAPASS.format(siret=establishment(VENDOR)))
    async with merged.transaction(ADMINISTRATOR) as session:
        await import_datapass(session, ADMINISTRATOR, path)
    async with merged.read() as session:
        product = await products.by_key(session, VENDOR, "neuf")
        other = await vendors.by_siren(session, OTHER_VENDOR)
    assert product is not None
    assert other is not None
    assert product.vendor_id == other.id


async def test_what_it_said_for_all_its_products_is_not_exported(
    merged: Database, tmp_path: Path
) -> None:
    await exported(merged, tmp_path / "out")
    rows = await back(merged, tmp_path / "out", "commitments")
    assert [(row["vendor_siren"], row["product"], row["state"]) for row in rows] == [
        (OTHER_VENDOR, "agora", "SIGNED")
    ]
