"""What contract.md §2 says of a bundle that is accepted, sentence by sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.errors import NotAllowed
from registry.exchange import tables
from registry.exchange.bundle import export_bundle, import_bundle
from tests.exchange.bundles import (
    CCAS,
    LILLE_SIRET,
    OTHER_VENDOR,
    VENDOR,
    exported,
    imported,
    rows_of,
    small,
    stored,
    write,
)
from tests.exchange.test_bundle.support import back
from tests.factories import STRANGER


def text(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(raw)
    return folder


async def one(database: Database, query: str, **values: object) -> Any:
    async with database.read() as session:
        return (await session.execute(sa.text(query), values)).one()


VENDORS = f"siren,name,website\n{VENDOR},Agora,https://agora.example\n"


@pytest.mark.parametrize(
    "spell",
    [
        lambda csv: csv.encode(),
        lambda csv: b"\xef\xbb\xbf" + csv.encode(),
        lambda csv: csv.replace("\n", "\r\n").encode(),
        lambda csv: csv.replace(",", ";").encode(),
        lambda csv: b"\xef\xbb\xbf" + csv.replace(",", ";").replace("\n", "\r\n").encode(),
        lambda csv: csv.removesuffix("\n").encode(),
        lambda csv: csv.replace("\n", "\n\n").encode(),
    ],
    ids=["plain", "bom", "crlf", "semicolon", "excel", "no last newline", "blank lines"],
)
async def test_a_file_may_be_spelt_as_spreadsheets_do(
    registry: Database, tmp_path: Path, spell: Callable[[str], bytes]
) -> None:
    report = await imported(registry, text(tmp_path / "in", vendors=spell(VENDORS)))
    assert report.created == {"vendor": 1}
    assert await back(registry, tmp_path / "out", "vendors") == [
        {
            "siren": VENDOR,
            "name": "Agora",
            "website": "https://agora.example",
            "parent_siren": "",
            "contact": "",
        }
    ]


async def test_columns_come_in_any_order_and_are_searched_alike(
    registry: Database, tmp_path: Path
) -> None:
    await imported(registry, text(tmp_path / "a", vendors=f"siren,name\n{VENDOR},Agora\n"))
    again = await imported(registry, text(tmp_path / "b", vendors=f"name,siren\nAgora,{VENDOR}\n"))
    assert again.nothing
    search = (await one(registry, "SELECT search FROM vendor")).search
    assert search == f"agora {VENDOR}"


async def test_files_may_be_absent_and_the_keys_already_recorded(
    filled: Database, tmp_path: Path
) -> None:
    deployments = {"deployments": [small()["deployments"][0] | {"demarche": "URBANISME"}]}
    report = await imported(filled, write(tmp_path / "in", deployments))
    assert (report.created, report.changed) == ({"deployment": 1}, {})


async def test_a_file_of_a_header_alone_is_nothing(registry: Database, tmp_path: Path) -> None:
    report = await imported(registry, text(tmp_path / "in", vendors="siren,name\n"))
    assert report.nothing


async def test_defaults_are_written_out(filled: Database, tmp_path: Path) -> None:
    await exported(filled, tmp_path / "out")
    (integration,) = rows_of(tmp_path / "out", "integrations")
    (commitment,) = rows_of(tmp_path / "out", "commitments")
    (deployment,) = rows_of(tmp_path / "out", "deployments")
    (activation,) = rows_of(tmp_path / "out", "activations")
    assert integration["evidence_level"] == "SELF_DECLARED"
    assert integration["declared_by"] == commitment["declared_by"] == "VENDOR"
    assert (deployment["declared_by"], deployment["confirmed_by"]) == ("VENDOR", "")
    assert activation["declared_by"] == "COLLECTIVITE"


@pytest.mark.parametrize("source", ["VENDOR", "COLLECTIVITE", "OPERATOR", "MINISTRY", "DATAPASS"])
async def test_every_declarant_of_a_history_is_known(
    registry: Database, tmp_path: Path, source: str
) -> None:
    files = small()
    for noun in ("integrations", "commitments", "activations"):
        files[noun][0]["declared_by"] = source
    await imported(registry, write(tmp_path / "in", files))
    await exported(registry, tmp_path / "out")
    for noun in ("integrations", "commitments", "activations"):
        assert rows_of(tmp_path / "out", noun)[0]["declared_by"] == source


async def test_twice_is_nothing(filled: Database, tmp_path: Path) -> None:
    before = await stored(filled)
    report = await imported(filled, tmp_path / "small")
    assert report.nothing
    assert await stored(filled) == before


async def test_an_absent_column_leaves_and_an_empty_cell_makes_unknown(
    filled: Database, tmp_path: Path
) -> None:
    row = {"siren": VENDOR, "name": "Agora", "website": "https://a.example", "contact": "c@a.fr"}
    await imported(filled, write(tmp_path / "1", {"vendors": [row]}))
    del row["contact"]
    report = await imported(filled, write(tmp_path / "2", {"vendors": [row | {"website": ""}]}))
    assert (report.created, report.changed) == ({}, {"vendor": 1})
    kept = await one(filled, "SELECT name, website, contact FROM vendor")
    assert tuple(kept) == ("Agora", None, "c@a.fr")


async def test_a_parent_may_stand_after_its_subsidiary(registry: Database, tmp_path: Path) -> None:
    vendors = [
        {"siren": VENDOR, "name": "Fille", "parent_siren": OTHER_VENDOR},
        {"siren": OTHER_VENDOR, "name": "Mère", "parent_siren": ""},
    ]
    await imported(registry, write(tmp_path / "in", {"vendors": vendors}))
    assert await back(registry, tmp_path / "out", "vendors") == [
        row | {"website": "", "contact": ""} for row in vendors
    ]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("59350", "59350"),
        ("215903501", "59350"),
        ("215 903 501", "59350"),
        (LILLE_SIRET, "59350"),
        ("2a004", "2A004"),
        ("98735", "98735"),
        ("200093201", "200093201"),
        ("01330", "01187"),
        ("200053676", "01187"),
        ("20005367600009", "01187"),
    ],
)
async def test_any_code_of_a_collectivite_is_read_and_its_own_is_written(
    registry: Database, tmp_path: Path, typed: str, written: str
) -> None:
    files = small()
    files["deployments"][0]["collectivite"] = files["activations"][0]["collectivite"] = typed
    await imported(registry, write(tmp_path / "in", files))
    await exported(registry, tmp_path / "out")
    assert rows_of(tmp_path / "out", "deployments")[0]["collectivite"] == written
    assert rows_of(tmp_path / "out", "activations")[0]["collectivite"] == written


async def test_bodies_that_the_referential_lacks(registry: Database, tmp_path: Path) -> None:
    files = small() | {
        "collectivites": [{"siren": CCAS, "name": "CCAS", "kind": "CCAS", "departements": "2A|59"}]
    }
    files["deployments"][0]["collectivite"] = files["activations"][0]["collectivite"] = CCAS
    await imported(registry, write(tmp_path / "in", files))
    kept = await one(
        registry, "SELECT regions, strata FROM collectivite WHERE siren = :siren", siren=CCAS
    )
    assert (kept.regions, kept.strata) == (["32", "94"], [])
    assert await back(registry, tmp_path / "out", "collectivites") == files["collectivites"]
    assert rows_of(tmp_path / "out", "deployments")[0]["collectivite"] == CCAS


async def test_a_former_key_is_read_wherever_a_key_is(registry: Database, tmp_path: Path) -> None:
    files = small()
    files["products"][0]["former_keys"] = f"{OTHER_VENDOR}/ancien|{VENDOR}/vieux"
    files["vendors"].append({"siren": OTHER_VENDOR, "name": "Ancien éditeur"})
    former = {"vendor_siren": OTHER_VENDOR, "product": "ancien"}
    for noun in ("integrations", "commitments", "deployments", "activations"):
        files[noun][0] |= former
    await imported(registry, write(tmp_path / "in", files))
    await exported(registry, tmp_path / "out")
    for noun in ("integrations", "commitments", "deployments", "activations"):
        (row,) = rows_of(tmp_path / "out", noun)
        assert (row["vendor_siren"], row["product"]) == (VENDOR, "agora")
    by_former = small()["products"][0] | {"vendor_siren": OTHER_VENDOR, "slug": "ancien"}
    again = await imported(registry, write(tmp_path / "again", {"products": [by_former]}))
    assert again.nothing, "the searched text is that of the product's own key"


async def test_a_list_of_former_keys_is_the_whole_list(filled: Database, tmp_path: Path) -> None:
    row = small()["products"][0]
    many = {"products": [row | {"former_keys": f"{VENDOR}/un|{VENDOR}/deux"}]}
    assert (await imported(filled, write(tmp_path / "1", many))).created == {
        "product_former_key": 2
    }
    fewer = {"products": [row | {"former_keys": f"{VENDOR}/un"}]}
    report = await imported(filled, write(tmp_path / "2", fewer))
    assert (report.created, report.changed, report.removed) == ({}, {}, {"product_former_key": 1})
    entry = await one(filled, "SELECT payload FROM ledger ORDER BY seq DESC LIMIT 1")
    assert json.loads(entry.payload)["action"] == "delete"
    assert json.loads(entry.payload)["record"]["slug"] == "deux"
    assert (await imported(filled, tmp_path / "2")).nothing


async def test_every_optional_column_may_be_absent(registry: Database, tmp_path: Path) -> None:
    """The small bundle plus a body has the required columns, and no other."""
    files = small() | {"collectivites": [{"siren": CCAS, "name": "CCAS"}]}
    del files["commitments"][0]["product"]
    for table in tables.TABLES:
        required = {column.name for column in table if column.mandatory}
        assert set(files[table.name][0]) == required, table.name
    assert (await imported(registry, write(tmp_path / "in", files))).created["deployment"] == 1


async def test_the_ledger_has_one_entry_for_each_record(filled: Database, tmp_path: Path) -> None:
    """Gapless, and each payload says what the row says."""
    files = small()
    files["vendors"] = [
        {"siren": VENDOR, "name": "Agora, renommée", "parent_siren": OTHER_VENDOR},
        {"siren": OTHER_VENDOR, "name": "Mère", "parent_siren": ""},
    ]
    before = await stored(filled)
    report = await imported(filled, write(tmp_path / "in", files))
    assert (report.created, report.changed) == ({"vendor": 1}, {"vendor": 1})
    after = await stored(filled)
    assert after["head"] - before["head"] == 2 == after["ledger"] - before["ledger"]
    async with filled.read() as session:
        entries = (await session.execute(sa.text("SELECT * FROM ledger ORDER BY seq"))).all()
        assert [entry.seq for entry in entries] == list(range(1, after["head"] + 1))
        latest = {(entry.noun, entry.subject_id): entry.payload for entry in entries}
        for noun in ("vendor", "product", "integration", "commitment", "deployment", "activation"):
            record = f"SELECT id, to_jsonb({noun}) AS row FROM {noun}"
            for row in (await session.execute(sa.text(record))).all():
                payload = json.loads(latest[noun, row.id])
                held = {k: v for k, v in payload["record"].items() if not isinstance(v, dict)}
                assert held == {k: v for k, v in row.row.items() if k in held}
                assert (payload["action"], payload["actor"]) == ("import", "administrator")
                unsaid = {"id", "code", "search", "effective_until"}
                assert row.row.keys() - payload["record"].keys() <= unsaid


async def test_only_the_administrator_moves_bundles(registry: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", small())
    with pytest.raises(NotAllowed):
        async with registry.transaction(ADMINISTRATOR) as session:
            await import_bundle(session, STRANGER, folder)
    with pytest.raises(NotAllowed):
        async with registry.read() as session:
            await export_bundle(session, STRANGER, tmp_path / "out")
    assert not (tmp_path / "out").exists()
