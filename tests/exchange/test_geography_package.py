"""Reading the npm package, and refusing what is malformed with the file, the fault, the way out."""

import bz2
import json
from pathlib import Path
from typing import Any

import pytest

from registry.exchange.geography import (
    Commune,
    Departement,
    DepartementBody,
    Epci,
    Geography,
    GeographyError,
    Region,
    read_fixture,
    read_package,
    write_fixture,
)

Package = dict[str, Any]


def small_package() -> Package:
    """Three living communes; 01003 is now a part of 01001, 01004 was renumbered to 01002."""
    place = {"departement": "01", "region": "84"}
    return {
        "communes": [
            {"code": "2A004", "nom": "Ajaccio", "type": "commune-actuelle"} | place,
            {"code": "01002", "nom": "L'Abergement", "type": "commune-actuelle", "population": 0}
            | {"siren": "210100020", "anciensCodes": ["01004", "01003", "01001"]}
            | place,
            {"code": "01001", "nom": "Ambérieu", "type": "commune-actuelle", "population": 806}
            | {"siren": "210100012", "codesPostaux": ["01501", "01500"]}
            | place,
            {"code": "01003", "nom": "Amareins", "type": "commune-associee", "chefLieu": "01001"},
            {"code": "01001", "nom": "Ambérieu", "type": "commune-deleguee", "chefLieu": "01001"},
            {
                "code": "69381",
                "nom": "Lyon 1er",
                "type": "arrondissement-municipal",
                "commune": "69123",
            },
        ],
        "epci": [
            {"code": "200000172", "nom": "CC d'Ambérieu", "type": "CC"}
            | {"membres": [{"code": "01001"}, {"code": "01002"}]}
        ],
        "departements": [{"code": "01", "nom": "Ain", "region": "84"}],
        "regions": [{"code": "84", "nom": "Auvergne-Rhône-Alpes"}],
    }


SMALL_BODIES = "siren,name,departement_codes\n220100010,Ain,01\n200046977,Métropole de Lyon,69M\n"


def store(package: Package, folder: Path) -> tuple[Path, Path]:
    for name, objects in package.items():
        (folder / f"{name}.json").write_text(json.dumps(objects), encoding="utf-8")
    bodies = folder / "bodies.csv"
    bodies.write_text(SMALL_BODIES, encoding="utf-8")
    return folder, bodies


def read(package: Package, folder: Path) -> Geography:
    data, bodies = store(package, folder)
    return read_package(data, 2026, bodies)


def test_a_package_is_read_sorted_with_its_successions(tmp_path: Path) -> None:
    geography = read(small_package(), tmp_path)
    epci = "200000172"
    assert geography.communes == (
        Commune(
            *("01001", "Ambérieu", "210100012", 806, "01", "84", epci),
            former_codes=("01003",),
            postal_codes=("01500", "01501"),
            other_names=("Amareins",),
        ),
        Commune("01002", "L'Abergement", "210100020", 0, "01", "84", epci, ("01004",)),
        Commune("2A004", "Ajaccio", None, None, "01", "84", None, ()),
    )
    assert geography.epcis == (Epci(epci, "CC d'Ambérieu", "CC"),)
    assert geography.departements == (Departement("01", "Ain", "84"),)
    assert geography.regions == (Region("84", "Auvergne-Rhône-Alpes"),)
    assert geography.bodies == (
        DepartementBody("220100010", "Ain", ("01",)),
        DepartementBody("200046977", "Métropole de Lyon", ("69M",)),
    )


def test_a_former_code_that_two_communes_claim_is_left_out(tmp_path: Path) -> None:
    package = small_package()
    package["communes"][0]["anciensCodes"] = ["01004"]
    former = {old for c in read(package, tmp_path).communes for old in c.former_codes}
    assert former == {"01003"}


def test_a_part_of_a_commune_that_lives_no_more_has_no_successor(tmp_path: Path) -> None:
    package = small_package()
    package["communes"][3] |= {"code": "01005", "chefLieu": "01999"}
    former = {old for c in read(package, tmp_path).communes for old in c.former_codes}
    assert former == {"01003", "01004"}


# File, rank of the object in it, keys changed (None: removed), reason given.
MALFORMED: list[tuple[str, int, Package, str]] = [
    ("communes", 1, {"nom": None}, "enregistrement « 01002 », la clé « nom » manque"),
    ("communes", 1, {"code": None}, "enregistrement « sans code », la clé « code » manque"),
    ("communes", 1, {"type": None}, "enregistrement « 01002 », la clé « type » manque"),
    ("communes", 3, {"chefLieu": None}, "enregistrement « 01003 », la clé « chefLieu » manque"),
    ("communes", 1, {"siren": 210100020}, "la clé « siren » doit porter un texte"),
    ("communes", 1, {"population": "1"}, "la clé « population » doit porter un nombre entier"),
    ("communes", 1, {"population": 1.5}, "la clé « population » doit porter un nombre entier"),
    ("communes", 1, {"population": True}, "la clé « population » doit porter un nombre entier"),
    ("communes", 1, {"population": -1}, "population impossible : -1 (« 01002 »)"),
    ("communes", 1, {"population": 10**9}, "population impossible : 1000000000 (« 01002 »)"),
    ("communes", 1, {"anciensCodes": "01004"}, "la clé « anciensCodes » doit porter une liste"),
    ("communes", 1, {"anciensCodes": [1]}, "« anciensCodes » doit porter une liste de textes"),
    ("communes", 1, {"anciensCodes": ["2C004"]}, "ancien code mal formé : « 2C004 » (« 01002 »)"),
    ("communes", 0, {"code": "2A04"}, "code INSEE mal formé : « 2A04 » (« Ajaccio »)"),
    ("communes", 0, {"code": "٠١٠٠٩"}, "code INSEE mal formé : « ٠١٠٠٩ » (« Ajaccio »)"),
    ("communes", 0, {"code": "01002"}, "code INSEE en double : « 01002 » (« L'Abergement »)"),
    ("communes", 1, {"siren": "21010002"}, "SIREN mal formé : « 21010002 » (« 01002 »)"),
    ("communes", 2, {"siren": "210100020"}, "SIREN en double : « 210100020 » (« 01002 »)"),
    ("communes", 1, {"departement": "99"}, "département : valeur inconnue « 99 » (« 01002 »)"),
    ("communes", 1, {"region": "99"}, "région : valeur inconnue « 99 » (« 01002 »)"),
    ("communes", 1, {"nom": "A\0"}, "nom vide ou illisible : « A\\x00 » (« 01002 »)"),
    ("epci", 0, {"code": "20000017X"}, "SIREN mal formé : « 20000017X » (« CC d'Ambérieu »)"),
    ("epci", 0, {"type": "SIVU"}, "type d’EPCI : valeur inconnue « SIVU » (« 200000172 »)"),
    ("epci", 0, {"membres": None}, "enregistrement « 200000172 », la clé « membres » manque"),
    ("epci", 0, {"membres": ["01001"]}, "une liste d’objets JSON est attendue"),
    (
        *("epci", 0, {"membres": [{"code": "01009"}]}),
        "enregistrement « 200000172 », le membre « 01009 » n’est pas une commune actuelle",
    ),
    (
        *("epci", 0, {"membres": [{"code": "01001"}, {"code": "01001"}]}),
        "la commune « 01001 » est déjà membre de « 200000172 »",
    ),
    ("departements", 0, {"code": "2C"}, "code de département mal formé : « 2C » (« Ain »)"),
    ("departements", 0, {"region": "99"}, "région : valeur inconnue « 99 » (« 01 »)"),
    ("regions", 0, {"code": "8"}, "code de région mal formé : « 8 » (« Auvergne-Rhône-Alpes »)"),
    ("regions", 0, {"nom": " "}, "nom vide ou illisible : «   » (« 84 »)"),
]


def refused(package: Package, file: str, folder: Path) -> str:
    """The reason given, between the file's name and the way out."""
    with pytest.raises(GeographyError) as refusal:
        read(package, folder)
    message = str(refusal.value)
    assert message.startswith(f"{folder / file}.json : ")
    assert message.endswith(
        ". Reprenez le dossier data/ du paquet npm @etalab/decoupage-administratif."
    )
    return message


@pytest.mark.parametrize(("file", "rank", "changes", "reason"), MALFORMED)
def test_a_malformed_record_is_refused(
    file: str, rank: int, changes: Package, reason: str, tmp_path: Path
) -> None:
    package = small_package()
    changed = package[file][rank] | changes
    package[file][rank] = {key: value for key, value in changed.items() if value is not None}
    assert reason in refused(package, file, tmp_path)


@pytest.mark.parametrize("file", ["communes", "epci", "departements", "regions"])
@pytest.mark.parametrize("content", [{"code": "01"}, ["01"], None, 7])
def test_a_file_that_is_no_list_of_objects_is_refused(
    file: str, content: object, tmp_path: Path
) -> None:
    package = small_package() | {file: content}
    assert "une liste d’objets JSON est attendue" in refused(package, file, tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "aucune ligne utile" in refused(small_package() | {"epci": []}, "epci", tmp_path)


@pytest.mark.parametrize("content", [b"[{]", b"", b'[{"code": "\xff"}]', b"[NaN]", b"[" * 100_000])
def test_invalid_json_is_refused_with_its_place(content: bytes, tmp_path: Path) -> None:
    data, bodies = store(small_package(), tmp_path)
    (data / "epci.json").write_bytes(content)
    with pytest.raises(
        GeographyError, match=r"epci\.json : JSON invalide \(ligne \d+, colonne \d+\)"
    ):
        read_package(data, 2026, bodies)


@pytest.mark.parametrize("file", ["communes", "epci", "departements", "regions"])
def test_a_missing_file_of_the_package_is_refused(file: str, tmp_path: Path) -> None:
    data, bodies = store(small_package(), tmp_path)
    (data / f"{file}.json").unlink()
    with pytest.raises(
        GeographyError, match=rf"{file}\.json : fichier absent\. Reprenez le dossier"
    ):
        read_package(data, 2026, bodies)
    (data / f"{file}.json").mkdir()
    with pytest.raises(GeographyError, match=rf"{file}\.json : fichier illisible\. Reprenez"):
        read_package(data, 2026, bodies)


HEADER = "siren,name,departement_codes\n"
MALFORMED_BODIES = [
    ("en-tête inattendu, il faut : siren,name,departement_codes", "siren;name\n"),
    ("en-tête inattendu", ""),
    ("ligne 2 : 2 cellules au lieu de 3", HEADER + "220100010,Ain\n"),
    ("CSV invalide", HEADER + '220100010,"Ain,01\n'),
    ("SIREN mal formé : « 22010001 » (« Ain »)", HEADER + "22010001,Ain,01\n"),
    ("SIREN en double", HEADER + "220100010,Ain,01\n220100010,Lyon,69M\n"),
    ("département : valeur inconnue « 02 » (« 220100010 »)", HEADER + "220100010,Ain,01;02\n"),
    ("département : valeur inconnue «  » (« 220100010 »)", HEADER + "220100010,Ain,\n"),
    ("département en double", HEADER + "220100010,Ain,01\n200046977,Lyon,01\n"),
    ("nom vide ou illisible", HEADER + "220100010,,01\n"),
    ("aucune ligne utile", HEADER),
]


@pytest.mark.parametrize(("reason", "content"), MALFORMED_BODIES)
def test_a_malformed_list_of_bodies_is_refused(reason: str, content: str, tmp_path: Path) -> None:
    data, bodies = store(small_package(), tmp_path)
    bodies.write_text(content, encoding="utf-8")
    with pytest.raises(GeographyError) as refusal:
        read_package(data, 2026, bodies)
    message = str(refusal.value)
    assert message.startswith(f"{bodies} : {reason}")
    assert message.endswith("Reprenez le fichier departement_bodies.csv fourni avec le projet.")


def test_a_list_of_bodies_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    data, bodies = store(small_package(), tmp_path)
    bodies.write_bytes(SMALL_BODIES.encode("cp1252"))
    with pytest.raises(GeographyError, match="le texte n’est pas en UTF-8"):
        read_package(data, 2026, bodies)


COLUMNS = (
    "code,name,siren,population,departement,region,epci,former_codes,postal_codes,other_names\n"
)
AMBERIEU = "01001,Ambérieu,210100012,806,01,84,200000172,01003,01500;01501,Amareins\n"
MALFORMED_FIXTURES = [
    ("compression bz2 invalide ou tronquée", b"code,name\n"),
    ("compression bz2 invalide ou tronquée", bz2.compress(b"code,name\n" * 99)[:-9]),
    ("le texte n’est pas en UTF-8", bz2.compress(b"\xff")),
    ("en-tête inattendu", bz2.compress(COLUMNS.replace("epci,", "").encode())),
    (
        "population mal formée : « 8_6 » (« 01001 »)",
        bz2.compress((COLUMNS + AMBERIEU.replace("806", "8_6")).encode()),
    ),
    (
        "EPCI : valeur inconnue « 200000000 » (« 01001 »)",
        bz2.compress((COLUMNS + AMBERIEU.replace("200000172", "200000000")).encode()),
    ),
    (
        "ancien code encore en vigueur : « 01001 » (« 01001 »)",
        bz2.compress((COLUMNS + AMBERIEU.replace("01003", "01001")).encode()),
    ),
    (
        "ancien code en double : « 01003 » (« 01001 »)",
        bz2.compress((COLUMNS + AMBERIEU.replace("01003", "01003;01003")).encode()),
    ),
]


@pytest.mark.parametrize(("reason", "content"), MALFORMED_FIXTURES)
def test_a_malformed_fixture_is_refused(reason: str, content: bytes, tmp_path: Path) -> None:
    data, bodies = store(small_package(), tmp_path)
    write_fixture(read_package(data, 2026, bodies), tmp_path)
    (tmp_path / "communes.csv.bz2").write_bytes(content)
    with pytest.raises(GeographyError) as refusal:
        read_fixture(tmp_path, 2026, bodies)
    message = str(refusal.value)
    assert message.startswith(f"{tmp_path / 'communes.csv.bz2'} : {reason}")
    assert message.endswith("Régénérez-le avec fixtures/referential/build.py.")
