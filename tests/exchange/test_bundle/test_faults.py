"""Hostile and mistaken bundles: each fault is named, and the registry stays as it was."""

from pathlib import Path

import pytest

from registry.database import Database
from registry.exchange.bundle.faults import LIMIT
from tests.exchange.bundles import OTHER_VENDOR, VENDOR, imported, small, write
from tests.exchange.test_bundle.support import faults_of, raw


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("COMMUNE", "attendu"), ("EPCI", "attendu"), ("COLLEGE", "attendu")],
)
async def test_the_referential_brings_the_other_kinds(
    filled: Database, tmp_path: Path, kind: str, reason: str
) -> None:
    row = {"siren": OTHER_VENDOR, "name": "X", "kind": kind, "departements": "59"}
    (fault,) = await faults_of(filled, write(tmp_path / "in", {"collectivites": [row]}))
    assert (fault.column, fault.value) == ("kind", kind)
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("siren", "departements", "column"),
    [
        ("215903501", "59", "siren"),
        ("200053676", "59", "siren"),
        (OTHER_VENDOR, "59|20", "departements"),
        (OTHER_VENDOR, "59|", "departements"),
    ],
    ids=["a commune", "a former SIREN", "a département that is none", "an empty code"],
)
async def test_a_body_that_can_not_be_brought(
    filled: Database, tmp_path: Path, siren: str, departements: str, column: str
) -> None:
    row = {"siren": siren, "name": "X", "kind": "CCAS", "departements": departements}
    (fault,) = await faults_of(filled, write(tmp_path / "in", {"collectivites": [row]}))
    assert (fault.line, fault.column) == (2, column)


@pytest.mark.parametrize(
    ("noun", "change", "column"),
    [
        ("vendors", {"name": "Autre"}, "siren"),
        ("products", {"name": "Autre"}, "slug"),
        ("deployments", {"collectivite": "215903501"}, "since"),
    ],
)
async def test_a_key_met_twice(
    filled: Database, tmp_path: Path, noun: str, change: dict[str, str], column: str
) -> None:
    row = small()[noun][0]
    (fault,) = await faults_of(filled, write(tmp_path / "in", {noun: [row, row | change]}))
    assert (fault.file, fault.line, fault.column) == (f"{noun}.csv", 3, column)
    assert fault.value
    assert "ligne 2" in fault.reason


async def test_unknown_bodies_are_not_taken_for_one_another(
    filled: Database, tmp_path: Path
) -> None:
    rows = [small()["deployments"][0] | {"collectivite": code} for code in ("59998", "59999")]
    faults = await faults_of(filled, write(tmp_path / "in", {"deployments": rows}))
    assert [(f.line, f.column, f.value) for f in faults] == [
        (2, "collectivite", "59998"),
        (3, "collectivite", "59999"),
    ]


async def test_all_that_is_wrong_in_one_line_is_told(filled: Database, tmp_path: Path) -> None:
    row = {
        "collectivite": "59999",
        "vendor_siren": VENDOR,
        "product": "inconnu",
        "demarche": "PERISCOLAIRE",
        "since": "2023-02-30",
        "until": "bientôt",
        "operator": "1.3E+13",
        "confirmed_by": "VENDOR",
    }
    faults = await faults_of(filled, write(tmp_path / "in", {"deployments": [row]}))
    assert {f.line for f in faults} == {2}
    assert sorted(f.column for f in faults) == sorted(
        ["collectivite", "product", "since", "until", "operator", "confirmed_by"]
    )


async def test_the_faults_of_every_file_are_told(filled: Database, tmp_path: Path) -> None:
    files = small()
    files["vendors"][0]["parent_siren"] = "1"
    files["products"][0]["citizen_login"] = "oui"
    files["deployments"].append(files["deployments"][0] | {"since": "x"})
    files["activations"].insert(0, files["activations"][0] | {"state": "FAIT"})
    faults = await faults_of(filled, write(tmp_path / "in", files))
    assert [(f.file, f.line, f.column) for f in faults] == [
        ("vendors.csv", 2, "parent_siren"),
        ("products.csv", 2, "citizen_login"),
        ("deployments.csv", 3, "since"),
        ("activations.csv", 2, "state"),
    ]


@pytest.mark.parametrize("header", ["siren,nom\n", ""])
async def test_what_depends_on_a_file_that_cannot_be_read_is_not_accused(
    filled: Database, tmp_path: Path, header: str
) -> None:
    files = small()
    for noun in ("products", "integrations", "commitments", "deployments", "activations"):
        files[noun] = [row | {"vendor_siren": OTHER_VENDOR} for row in files[noun]]
    files["deployments"][0]["since"] = "x"
    del files["vendors"]
    folder = raw(write(tmp_path / "in", files), "vendors", header.encode())
    faults = await faults_of(filled, folder)
    assert {f.file for f in faults} == {"vendors.csv", "deployments.csv"}


@pytest.mark.parametrize("extra", [1, 500, 9000])
async def test_a_thousand_faults_and_no_more(filled: Database, tmp_path: Path, extra: int) -> None:
    """Found by reading, and by the registry's own checks."""
    row = small()["vendors"][0]
    unread = [row | {"siren": "1"} for _ in range(LIMIT + extra)]
    assert len(await faults_of(filled, write(tmp_path / "1", {"vendors": unread}))) == LIMIT
    use = small()["deployments"][0]
    unknown = [use | {"collectivite": f"{n:05}"} for n in range(1, 1 + LIMIT + extra)]
    folder = write(tmp_path / "2", {"deployments": unknown})
    assert len(await faults_of(filled, folder)) == LIMIT


async def test_fewer_than_a_thousand_are_all_told(filled: Database, tmp_path: Path) -> None:
    row = small()["vendors"][0]
    unread = [row | {"siren": "1"} for _ in range(LIMIT - 1)]
    folder = write(tmp_path / "1", {"vendors": unread})
    assert len(await faults_of(filled, folder)) == LIMIT - 1


async def test_a_refused_import_leaves_the_connection_usable(
    filled: Database, tmp_path: Path
) -> None:
    """The reading may stop in the middle of a COPY."""
    row = small()["vendors"][0]
    unread = [row | {"siren": "1"} for _ in range(LIMIT + 1)]
    await faults_of(filled, write(tmp_path / "1", {"vendors": unread}))
    assert (await imported(filled, tmp_path / "small")).nothing


async def test_no_vendor_descends_from_itself(filled: Database, tmp_path: Path) -> None:
    rows = [
        {"siren": VENDOR, "name": "A", "parent_siren": OTHER_VENDOR},
        {"siren": OTHER_VENDOR, "name": "B", "parent_siren": VENDOR},
    ]
    faults = await faults_of(filled, write(tmp_path / "in", {"vendors": rows}))
    assert [(fault.line, fault.column) for fault in faults] == [
        (2, "parent_siren"),
        (3, "parent_siren"),
    ]


@pytest.mark.parametrize(
    ("service", "feeds", "faults"),
    [
        ("API_PARTICULIER", "QUOTIENT_FAMILIAL|STATUT_BOURSIER", 0),
        ("API_IMPOT_PARTICULIER", "AVIS_IMPOSITION", 0),
        ("API_PARTICULIER", "AVIS_IMPOSITION", 1),
        ("API_IMPOT_PARTICULIER", "QUOTIENT_FAMILIAL", 1),
        ("FRANCECONNECT_V2", "QUOTIENT_FAMILIAL", 1),
    ],
)
async def test_each_data_comes_from_its_api(
    filled: Database, tmp_path: Path, service: str, feeds: str, faults: int
) -> None:
    row = small()["integrations"][0] | {"service": service, "feeds": feeds}
    folder = write(tmp_path / "in", {"integrations": [row]})
    if not faults:
        await imported(filled, folder)
    else:
        found = await faults_of(filled, folder)
        assert [fault.column for fault in found] == ["feeds"] * faults


async def test_a_key_of_a_vendor_that_is_gone_still_names_the_product(
    filled: Database, tmp_path: Path
) -> None:
    product = small()["products"][0]
    gone = f"{OTHER_VENDOR}/ancien"
    await imported(
        filled, write(tmp_path / "former", {"products": [product | {"former_keys": gone}]})
    )
    renamed = product | {"vendor_siren": OTHER_VENDOR, "slug": "ancien", "name": "Nouveau nom"}
    report = await imported(filled, write(tmp_path / "in", {"products": [renamed]}))
    assert (report.created, report.changed) == ({}, {"product": 1})
