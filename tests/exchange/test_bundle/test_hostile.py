"""Hostile and mistaken bytes and cells: each is named, and the registry stays as it was."""

from pathlib import Path

import pytest

from registry.database import Database
from tests.exchange.bundles import OTHER_VENDOR, VENDOR, small, write
from tests.exchange.test_bundle.support import HEADER, faults_of, raw

LINE = f"{VENDOR},Agora,\n".encode()

Where = tuple[int, str, str]
"""Line, column, and the start of the value."""


async def check(
    registry: Database, folder: Path, expected: list[Where], reason: str, file: str = "vendors.csv"
) -> None:
    faults = await faults_of(registry, folder)
    assert [(f.line, f.column) for f in faults] == [where[:2] for where in expected]
    for fault, (_, _, value) in zip(faults, expected, strict=True):
        assert fault.file == file
        assert fault.value.startswith(value)
        assert reason in fault.reason


MILLION = [(1, "a", ""), (1, "siren", ""), (1, "name", "")]
BYTES: dict[str, tuple[bytes, list[Where], str]] = {
    "some bytes of cp1252": (
        HEADER
        + LINE.replace(b"Agora", "Agorà".encode())
        + f"{OTHER_VENDOR},Éditions,\n".encode("cp1252")
        + b"1,x\xe9,\n",
        [(3, "name", "\\xc9ditions"), (4, "siren", "1"), (4, "name", "x\\xe9")],
        "",
    ),
    "utf-16": ((HEADER + LINE).decode().encode("utf-16"), [(1, "", "")], "UTF-16"),
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
        [(2, "name", 'Ag"ora'), (3, "siren", "1")],
        "",
    ),
    "lone cr": (HEADER + LINE.replace(b"\n", b"\r") + LINE, [(2, "", VENDOR)], "retour chariot"),
    "old mac": ((HEADER + LINE).replace(b"\n", b"\r"), [(1, "", "siren,name")], "retour chariot"),
    "a million columns": (b"a" + b"," * 999_990 + b"\n", MILLION, ""),
    "more columns": (b"a" * 1_000_001 + b"\n" + LINE, [(1, "", "aaaa")], "1000000 octets"),
    "a million cells": (
        HEADER + LINE[:-1] + b",x" * 400_000 + b"\n" + b"1,x,\n",
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
        [(2, "", f'{VENDOR},"a')],
        "cellule de plus de 100000",
    ),
    "long cell": (HEADER + LINE.replace(b"Agora", b"a" * 10_001), [(2, "name", "aaa")], "10000"),
    "long cell in quotes": (
        HEADER + LINE.replace(b"Agora", b"a" * 100_001) + b"1,x,\n",
        [(2, "", VENDOR), (3, "siren", "1")],
        "",
    ),
    "cells too many": (
        HEADER + f"{VENDOR},x,,y\n".encode(),
        [(2, "", VENDOR)],
        "4 cellules au lieu",
    ),
    "empty": (b"", [(1, "", "")], "nommer les colonnes"),
    "separators alone": (b",,\n\n", [(1, "", "")], "nommer les colonnes"),
    "no header": (
        b"\n" + LINE,
        [(2, VENDOR, ""), (2, "Agora", ""), (2, "siren", ""), (2, "name", "")],
        "",
    ),
    "unknown column": (b"siren,name,age\n", [(1, "age", "")], "colonne inconnue"),
    "cell of a nameless column": (
        f"siren,name,\n{VENDOR},Agora,x\n".encode(),
        [(2, "", VENDOR)],
        "colonne sans nom",
    ),
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
async def test_a_file_that_cannot_be_read(filled: Database, tmp_path: Path, name: str) -> None:
    content, expected, reason = BYTES[name]
    await check(filled, raw(tmp_path / "in", "vendors", content), expected, reason)


CELLS: list[tuple[str, str, str, str]] = [
    ("vendors", "siren", "1.3E+13", "tableur"),
    ("vendors", "siren", "1,3E+13", "tableur"),
    ("vendors", "siren", "123456789", "clé de contrôle"),
    ("vendors", "siren", "٩٠٠٠٠٠٠١٥", "9 chiffres"),
    ("vendors", "siren", "", "vide"),
    ("vendors", "siren", "9" * 200, "100 caractères"),
    ("vendors", "name", " ", "vide"),
    ("vendors", "website", "javascript:alert(1)", "http"),
    ("vendors", "website", "java\tscript:alert(1)", "adresse web attendue"),
    ("vendors", "contact", "data:text/html,x", "adresse électronique de service"),
    ("vendors", "contact", "Jean Dupont 06 12 34 56 78", "adresse électronique de service"),
    ("vendors", "website", "notre site", "adresse web attendue"),
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
    ("integrations", "effective_on", "09/13/2023", "jour/mois/année"),
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
    filled: Database, tmp_path: Path, noun: str, column: str, value: str, reason: str
) -> None:
    row = small()[noun][0] | {column: value}
    faults = await faults_of(filled, write(tmp_path / "in", {noun: [row]}))
    (fault,) = faults
    assert (fault.file, fault.line) == (f"{noun}.csv", 2)
    assert fault.column == column
    assert reason in fault.reason
    shown = value.replace("\t", "\\u0009").strip()
    assert fault.value.strip().endswith(shown[:80]) or fault.value == f"{shown[:80]}…"
