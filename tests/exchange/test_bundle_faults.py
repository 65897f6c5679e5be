"""Hostile and mistaken bundles: each fault is named, and the registry stays as it was."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.database import Database
from registry.exchange.bundle import Fault
from registry.exchange.bundle.faults import LIMIT
from tests.exchange.bundles import (
    OTHER_VENDOR,
    VENDOR,
    imported,
    insert_geography,
    refused,
    small,
    stored,
    write,
)

HEADER = b"siren,name,website\n"
LINE = f"{VENDOR},Agora,\n".encode()

Where = tuple[int, str, str]
"""Line, column, and the start of the value."""


@pytest.fixture
async def registry(database: Database, tmp_path: Path) -> Database:
    """The small bundle is recorded, so that there is something to spoil."""
    async with database.transaction() as session:
        await insert_geography(session)
    await imported(database, write(tmp_path / "small", small()))
    return database


async def faults_of(registry: Database, folder: Path) -> list[Fault]:
    """Those of a bundle that leaves the registry as it was; each reads as a full sentence."""
    before = await stored(registry)
    faults = await refused(registry, folder)
    assert await stored(registry) == before
    for fault in faults:
        assert fault.reason
        assert str(fault).isprintable()
        assert len(str(fault)) < 1000
    return faults


def raw(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_bytes(content)
    return folder


async def check(
    registry: Database, folder: Path, expected: list[Where], reason: str, file: str = "vendors.csv"
) -> None:
    faults = await faults_of(registry, folder)
    assert [(f.line, f.column) for f in faults] == [where[:2] for where in expected]
    for fault, (_, _, value) in zip(faults, expected, strict=True):
        assert fault.file == file
        assert fault.value.startswith(value)
        assert reason in fault.reason


MILLION = [(1, "a", ""), *[(1, "", "")] * 20, (1, "siren", ""), (1, "name", "")]
BYTES: dict[str, tuple[bytes, list[Where], str]] = {
    "cp1252": (
        HEADER + LINE + f"{OTHER_VENDOR},Éditions,\n".encode("cp1252") + b"1,x\xe9,\n",
        [(3, "name", "\\xc9ditions"), (4, "siren", "1"), (4, "name", "x\\xe9")],
        "",
    ),
    "utf-16": ((HEADER + LINE).decode().encode("utf-16"), [(1, "", "\\xff\\xfes")], "UTF-8"),
    "utf-16 without mark": (
        (HEADER + LINE).decode().encode("utf-16-le"),
        [(1, "", "s\\u0000i")],
        "invisible U+0000",
    ),
    "nul": (HEADER + LINE.replace(b"Agora", b"Ag\0ora"), [(2, "name", "Ag\\u0000ora")], "U+0000"),
    "bidirectional": (
        HEADER + LINE.replace(b"Agora", "\u202earogA".encode()),
        [(2, "name", "\\u202earogA")],
        "U+202E",
    ),
    "isolate": (
        HEADER + LINE.replace(b"Agora", "\u2066A".encode()),
        [(2, "name", "\\u2066A")],
        "U+2066",
    ),
    "arabic mark": (
        HEADER + LINE.replace(b"Agora", "\u061cA".encode()),
        [(2, "name", "\\u061cA")],
        "U+061C",
    ),
    "zero width": (
        HEADER + LINE.replace(b"Agora", "A\u200bg".encode()),
        [(2, "name", "A\\u200bg")],
        "U+200B",
    ),
    "zero width in a key": (
        HEADER + LINE.replace(b",Agora", "\ufeff,Agora".encode()),
        [(2, "siren", f"{VENDOR}\\ufeff")],
        "U+FEFF",
    ),
    "second mark": (b"\xef\xbb\xbf" * 2 + HEADER + LINE, [(1, "", "\\ufeffsiren")], "U+FEFF"),
    "unterminated": (
        HEADER + f'{VENDOR},"Agora,\n'.encode() + LINE,
        [(2, "", f'{VENDOR},"Agora')],
        "n’est pas fermé",
    ),
    "unterminated, then much": (
        HEADER + f'{VENDOR},"Agora,\n'.encode() + LINE * 20_000,
        [(2, "", f'{VENDOR},"Agora')],
        "n’est pas fermé",
    ),
    "closed too soon": (
        HEADER + f'{VENDOR},"Ag"ora",\n1,x,\n'.encode(),
        [(2, "", f'{VENDOR},"Ag"ora"'), (3, "siren", "1")],
        "",
    ),
    "quote in the middle": (
        HEADER + f'{VENDOR},Ag"ora,\n1,x,\n'.encode(),
        [(2, "name", f'{VENDOR},Ag"ora'), (3, "siren", "1")],
        "",
    ),
    "lone cr": (HEADER + LINE.replace(b"\n", b"\r") + LINE, [(2, "", VENDOR)], "retour chariot"),
    "old mac": ((HEADER + LINE).replace(b"\n", b"\r"), [(1, "", "siren,name")], "retour chariot"),
    "a million columns": (b"a" + b"," * 999_990 + b"\n", MILLION, ""),
    "more columns": (b"a" * 1_000_001 + b"\n" + LINE, [(1, "", "aaaa")], "1000000 octets"),
    "a million cells": (
        HEADER + LINE[:-1] + b"," * 900_000 + b"\n" + b"1,x,\n",
        [(2, "", VENDOR), (3, "siren", "1")],
        "",
    ),
    "cells without end": (
        HEADER + LINE[:-1] + b',"\n"' * 500_000 + b"\n",
        [(2, "", VENDOR)],
        "ligne de plus",
    ),
    "50 MB line": (
        HEADER + b"x" * 50_000_000 + b"\n1,x,\n",
        [(2, "", "xxxx"), (3, "siren", "1")],
        "",
    ),
    "10 MB cell": (
        HEADER + f'{VENDOR},"'.encode() + b"a\n" * 5_000_000 + b'",\n',
        [(2, "", f'{VENDOR},"a\\u000aa')],
        "cellule de plus de 100000",
    ),
    "long cell": (HEADER + LINE.replace(b"Agora", b"a" * 10_001), [(2, "name", "aaa")], "10000"),
    "long cell in quotes": (
        HEADER + LINE.replace(b"Agora", b"a" * 100_001) + b"1,x,\n",
        [(2, "", VENDOR), (3, "siren", "1")],
        "",
    ),
    "missing cell": (HEADER + f"{VENDOR},x\n".encode(), [(2, "", VENDOR)], "2 cellules au lieu"),
    "empty": (b"", [(1, "", "")], "nommer les colonnes"),
    "blank header": (b"\n" + LINE, [(1, "", "")], "nommer les colonnes"),
    "unknown column": (b"siren,name,age\n", [(1, "age", "")], "colonne inconnue"),
    "nameless column": (b"siren,name,\n", [(1, "", "")], "colonne sans nom"),
    "no key": (b"name\nAgora\n", [(1, "siren", "")], "obligatoire absente"),
    "no name": (f"siren\n{VENDOR}\n".encode(), [(1, "name", "")], "obligatoire absente"),
    "column twice": (b"siren,name,siren\n", [(1, "siren", "")], "deux fois"),
    "two delimiters": (
        b"siren;name,website\n",
        [(1, "siren;name", ""), (1, "siren", ""), (1, "name", "")],
        "",
    ),
}


@pytest.mark.parametrize("name", BYTES)
async def test_a_file_that_cannot_be_read(registry: Database, tmp_path: Path, name: str) -> None:
    content, expected, reason = BYTES[name]
    await check(registry, raw(tmp_path / "in", "vendors", content), expected, reason)


CELLS: list[tuple[str, str, str, str]] = [
    ("vendors", "siren", "1.3E+13", "tableur"),
    ("vendors", "siren", "1,3E+13", "tableur"),
    ("vendors", "siren", "123456789", "clé de contrôle"),
    ("vendors", "siren", "٩٠٠٠٠٠٠١٥", "9 chiffres"),
    ("vendors", "siren", "", "vide"),
    ("vendors", "siren", "9" * 200, "100 caractères"),
    ("vendors", "name", " ", "vide"),
    ("vendors", "website", "javascript:alert(1)", "http"),
    ("vendors", "website", "java\tscript:alert(1)", "tabulation"),
    ("vendors", "contact", "data:text/html,x", "http"),
    ("vendors", "parent_siren", OTHER_VENDOR, "éditeur inconnu"),
    ("vendors", "parent_siren", VENDOR, "sa propre maison mère"),
    ("products", "slug", "Agora", "lettres minuscules"),
    ("products", "slug", "a" * 101, "100 caractères"),
    ("products", "citizen_login", "oui", "true ou false"),
    ("products", "citizen_login", "nan", "true ou false"),
    ("products", "demarches", "PERISCOLAIRE|NOËL", "attendu"),
    ("products", "demarches", "URBANISME", "déploiements enregistrés"),
    ("products", "delivery_model", "CLOUD", "attendu"),
    ("products", "former_keys", "ancien", "SIREN/IDENTIFIANT"),
    ("products", "former_keys", f"{VENDOR}/{'a' * 101}", "100 caractères"),
    ("products", "former_keys", f"{VENDOR}/agora", "clé"),
    ("products", "vendor_siren", OTHER_VENDOR, "éditeur inconnu"),
    ("integrations", "product", "inconnu", "logiciel inconnu"),
    ("integrations", "service", "FRANCECONNECT", "attendu"),
    ("integrations", "state", "CONTESTED", "attendu"),
    ("integrations", "evidence_level", "CONTESTED", "attendu"),
    ("integrations", "feeds", "QUOTIENT_FAMILIAL", "API de données"),
    ("integrations", "effective_on", "0000-00-00", "n’existe pas"),
    ("integrations", "effective_on", "2023-02-30", "n’existe pas"),
    ("integrations", "effective_on", "01/02/2023", "AAAA-MM-JJ"),
    ("integrations", "effective_on", "٢٠٢٣-٠١-٠١", "AAAA-MM-JJ"),
    ("integrations", "effective_on", "2023-01-01T00:00", "AAAA-MM-JJ"),
    ("integrations", "effective_on", "1899-12-31", "bornes"),
    ("integrations", "effective_on", "2199-12-31", "futur"),
    ("integrations", "effective_on", "", "vide"),
    ("integrations", "target_date", "9999-12-31", "bornes"),
    ("integrations", "declared_by", "MAIRIE", "attendu"),
    ("commitments", "valid_until", "9999-12-31", "bornes"),
    ("commitments", "product", "inconnu", "logiciel inconnu"),
    ("commitments", "vendor_siren", OTHER_VENDOR, "éditeur inconnu"),
    ("deployments", "collectivite", "1.3E+13", "tableur"),
    ("deployments", "collectivite", "1,3E+13", "tableur"),
    ("deployments", "collectivite", "٥٩٣٥٠", "code INSEE"),
    ("deployments", "collectivite", "59999", "collectivité inconnue"),
    ("deployments", "collectivite", "Lille", "code INSEE"),
    ("deployments", "demarche", "ETAT_CIVIL", "ne couvre pas"),
    ("deployments", "demarche", "CANTINE", "attendu"),
    ("deployments", "since", "2199-01-01", "futur"),
    ("deployments", "until", "2020-12-31", "antérieure au début"),
    ("deployments", "until", "NaN", "AAAA-MM-JJ"),
    ("deployments", "until", "nan", "AAAA-MM-JJ"),
    ("deployments", "operator", "1.3E+13", "tableur"),
    ("deployments", "declared_by", "OPERATOR", "attendu"),
    ("deployments", "confirmed_by", "DATAPASS", "attendu"),
    ("activations", "demarche", "URBANISME", "aucun déploiement"),
    ("activations", "service", "FRANCE CONNECT", "attendu"),
]


@pytest.mark.parametrize(("noun", "column", "value", "reason"), CELLS)
async def test_a_wrong_cell(
    registry: Database, tmp_path: Path, noun: str, column: str, value: str, reason: str
) -> None:
    row = small()[noun][0] | {column: value}
    faults = await faults_of(registry, write(tmp_path / "in", {noun: [row]}))
    (fault,) = faults
    assert (fault.file, fault.line) == (f"{noun}.csv", 2)
    assert fault.column == column
    assert reason in fault.reason
    shown = value.replace("\t", "\\u0009").strip()
    assert fault.value.strip().endswith(shown[:80]) or fault.value == f"{shown[:80]}…"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("COMMUNE", "attendu"), ("EPCI", "attendu"), ("COLLEGE", "attendu")],
)
async def test_the_referential_brings_the_other_kinds(
    registry: Database, tmp_path: Path, kind: str, reason: str
) -> None:
    row = {"siren": OTHER_VENDOR, "name": "X", "kind": kind, "departements": "59"}
    (fault,) = await faults_of(registry, write(tmp_path / "in", {"collectivites": [row]}))
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
    registry: Database, tmp_path: Path, siren: str, departements: str, column: str
) -> None:
    row = {"siren": siren, "name": "X", "kind": "CCAS", "departements": departements}
    (fault,) = await faults_of(registry, write(tmp_path / "in", {"collectivites": [row]}))
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
    registry: Database, tmp_path: Path, noun: str, change: dict[str, str], column: str
) -> None:
    row = small()[noun][0]
    (fault,) = await faults_of(registry, write(tmp_path / "in", {noun: [row, row | change]}))
    assert (fault.file, fault.line, fault.column) == (f"{noun}.csv", 3, column)
    assert fault.value
    assert "ligne 2" in fault.reason


async def test_an_activation_needs_a_deployment(registry: Database, tmp_path: Path) -> None:
    rows = [small()["activations"][0] | {"collectivite": code} for code in ("59512", "215903501")]
    (fault,) = await faults_of(registry, write(tmp_path / "in", {"activations": rows}))
    assert (fault.line, fault.column, fault.value) == (2, "demarche", "PERISCOLAIRE")
    assert "aucun déploiement" in fault.reason


async def test_a_period_that_would_be_closed_by_a_wrong_line(
    registry: Database, tmp_path: Path
) -> None:
    row = small()["deployments"][0]
    rows = [row | {"until": "2022-01-01", "operator": "1"}, row | {"since": "2022-01-01"}]
    faults = await faults_of(registry, write(tmp_path / "in", {"deployments": rows}))
    assert (2, "operator") in [(f.line, f.column) for f in faults]


async def test_unknown_bodies_are_not_taken_for_one_another(
    registry: Database, tmp_path: Path
) -> None:
    rows = [small()["deployments"][0] | {"collectivite": code} for code in ("59998", "59999")]
    faults = await faults_of(registry, write(tmp_path / "in", {"deployments": rows}))
    assert [(f.line, f.column, f.value) for f in faults] == [
        (2, "collectivite", "59998"),
        (3, "collectivite", "59999"),
    ]


@pytest.mark.parametrize(
    ("spans", "line", "reason"),
    [
        ([("2022-01-01", "")], 2, "2021-01-01 déjà enregistrée"),
        ([("2020-01-01", "2021-01-02")], 2, "2021-01-01 déjà enregistrée"),
        ([("2021-01-01", "2023-01-01"), ("2022-12-31", "")], 3, "2021-01-01 (ligne 2)"),
        ([("2022-12-31", ""), ("2021-01-01", "2023-01-01")], 3, "2022-12-31 (ligne 2)"),
    ],
)
async def test_overlapping_periods(
    registry: Database, tmp_path: Path, spans: list[tuple[str, str]], line: int, reason: str
) -> None:
    row = small()["deployments"][0]
    rows = [row | {"since": since, "until": until} for since, until in spans]
    (fault,) = await faults_of(registry, write(tmp_path / "in", {"deployments": rows}))
    assert (fault.line, fault.column, fault.value) == (line, "since", spans[line - 2][0])
    assert reason in fault.reason


async def test_all_that_is_wrong_in_one_line_is_told(registry: Database, tmp_path: Path) -> None:
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
    faults = await faults_of(registry, write(tmp_path / "in", {"deployments": [row]}))
    assert {f.line for f in faults} == {2}
    assert sorted(f.column for f in faults) == sorted(
        ["collectivite", "product", "since", "until", "operator", "confirmed_by"]
    )


async def test_the_faults_of_every_file_are_told(registry: Database, tmp_path: Path) -> None:
    files = small()
    files["vendors"][0]["parent_siren"] = "1"
    files["products"][0]["citizen_login"] = "oui"
    files["deployments"].append(files["deployments"][0] | {"since": "x"})
    files["activations"].insert(0, files["activations"][0] | {"state": "FAIT"})
    faults = await faults_of(registry, write(tmp_path / "in", files))
    assert [(f.file, f.line, f.column) for f in faults] == [
        ("vendors.csv", 2, "parent_siren"),
        ("products.csv", 2, "citizen_login"),
        ("deployments.csv", 3, "since"),
        ("activations.csv", 2, "state"),
    ]


@pytest.mark.parametrize("header", ["siren,nom\n", ""])
async def test_what_depends_on_a_file_that_cannot_be_read_is_not_accused(
    registry: Database, tmp_path: Path, header: str
) -> None:
    files = small()
    for noun in ("products", "integrations", "commitments", "deployments", "activations"):
        files[noun] = [row | {"vendor_siren": OTHER_VENDOR} for row in files[noun]]
    files["deployments"][0]["since"] = "x"
    del files["vendors"]
    folder = raw(write(tmp_path / "in", files), "vendors", header.encode())
    faults = await faults_of(registry, folder)
    assert {f.file for f in faults} == {"vendors.csv", "deployments.csv"}


@pytest.mark.parametrize("extra", [1, 500, 9000])
async def test_a_thousand_faults_and_no_more(
    registry: Database, tmp_path: Path, extra: int
) -> None:
    """Found by reading, and by the registry's own checks."""
    row = small()["vendors"][0]
    unread = [row | {"siren": "1"} for _ in range(LIMIT + extra)]
    assert len(await faults_of(registry, write(tmp_path / "1", {"vendors": unread}))) == LIMIT
    use = small()["deployments"][0]
    unknown = [use | {"collectivite": f"{n:05}"} for n in range(1, 1 + LIMIT + extra)]
    folder = write(tmp_path / "2", {"deployments": unknown})
    assert len(await faults_of(registry, folder)) == LIMIT


async def test_fewer_than_a_thousand_are_all_told(registry: Database, tmp_path: Path) -> None:
    row = small()["vendors"][0]
    unread = [row | {"siren": "1"} for _ in range(LIMIT - 1)]
    folder = write(tmp_path / "1", {"vendors": unread})
    assert len(await faults_of(registry, folder)) == LIMIT - 1


def _misspelt(folder: Path) -> str:
    (folder / "vendeurs.csv").write_bytes(HEADER)
    return "vendeurs.csv"


def _capital(folder: Path) -> str:
    (folder / "VENDORS.CSV").write_bytes(HEADER)
    return "VENDORS.CSV"


def _directory(folder: Path) -> str:
    (folder / "vendors.csv").mkdir()
    return "vendors.csv"


def _pipe(folder: Path) -> str:
    os.mkfifo(folder / "vendors.csv")
    return "vendors.csv"


def _dangling(folder: Path) -> str:
    (folder / "vendors.csv").symlink_to(folder / "nowhere")
    return "vendors.csv"


@pytest.mark.parametrize("spoil", [_misspelt, _capital, _directory, _pipe, _dangling])
async def test_a_file_that_is_none_of_the_bundle(
    registry: Database, tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    """Beside a file that is right."""
    folder = write(tmp_path / "in", {"products": small()["products"]})
    name = spoil(folder)
    (fault,) = await faults_of(registry, folder)
    assert (fault.file, fault.line) == (name, 0)


async def test_a_folder_that_is_none(registry: Database, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for name in ("absent", "empty", "file"):
        (fault,) = await faults_of(registry, tmp_path / name)
        assert fault.file == str(tmp_path / name)


async def test_a_refused_import_leaves_the_connection_usable(
    registry: Database, tmp_path: Path
) -> None:
    """The reading may stop in the middle of a COPY."""
    row = small()["vendors"][0]
    unread = [row | {"siren": "1"} for _ in range(LIMIT + 1)]
    await faults_of(registry, write(tmp_path / "1", {"vendors": unread}))
    assert (await imported(registry, tmp_path / "small")).nothing
