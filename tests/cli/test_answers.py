import csv
import io
import json
import re

import pytest

from models import Demarche, Source, Stratum
from registry.cli import output
from registry.domain.rollout.scope import Basis
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("world")

ENGLISH = (
    r"Usage:|Options:|Commands:|Show this|default:|Error|Invalid|Missing|No such|Got |\bis not"
)


def test_coverage_reads_well_in_a_terminal(run: Run) -> None:
    outcome = run("coverage")
    assert outcome.code == 0
    assert "Communes jusqu’à 3 500 habitants" in outcome.out
    assert "Ensemble (chacune une fois)" in outcome.out
    assert "n’ont rien déclaré à ce jour" in outcome.err


def test_coverage_for_programs_counts_the_same_in_json_and_csv(run: Run) -> None:
    told = json.loads(run("coverage", "--format", "json").out)
    rows = list(csv.DictReader(io.StringIO(run("coverage", "--format", "csv").out)))
    assert [row["stratum"] for row in rows] == [
        "DEPARTEMENT",
        "EPCI",
        "COMMUNE_OVER_3500",
        "COMMUNE_UP_TO_3500",
        "TOTAL",
    ]
    assert told["total"]["total"] == int(rows[-1]["total"]) == 8
    assert told["total"]["connected"] == int(rows[-1]["connected"]) == 1
    assert told["total"]["target_count"] == 5000


def test_a_scope_narrows(run: Run) -> None:
    options = ("--stratum", "COMMUNE_OVER_3500", "--departement", "01", "--format", "json")
    told = json.loads(run("coverage", *options).out)
    assert [line["stratum"] for line in told["strata"]] == ["COMMUNE_OVER_3500"]
    assert told["total"]["target_count"] is None
    past = json.loads(run("coverage", "--as-of", "2020-06-01", "--format", "json").out)
    assert past["total"]["connected"] == 0


def test_codes_are_taken_in_any_case(run: Run) -> None:
    options = ("--basis", "confirmed", "--stratum", "epci", "--demarche", "urbanisme")
    told = json.loads(run("coverage", *options, "--format", "JSON").out)
    assert [line["stratum"] for line in told["strata"]] == ["EPCI"]


def test_help_lists_the_codes(run: Run) -> None:
    told = " ".join(run("blockers", "--help").out.split())
    for code in (*Stratum, *Basis, *Demarche):
        assert code in told


def test_a_date_shows_a_year_of_four_digits(run: Run) -> None:
    assert "Couverture au 01/01/0001" in run("coverage", "--as-of", "0001-01-01").out


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "WIDE", 80)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    ("command", "whole"),
    [
        (("coverage",), ["Départements", "> 3\u202f500", "Logiciel inconnu", "5\u202f000"]),
        (("blockers",), ["Éditions du Silence", "n’a rien déclaré à ce jour", "9\u202f000"]),
        (("blockers", "--by", "vendor"), ["Éditions du Silence", "9\u202f000"]),
        (("collectivite", "01005"), ["e-Mairie", "Éditions du Silence", "confirmé : "]),
    ],
)
def test_eighty_columns_split_no_word_and_no_number(
    run: Run, command: tuple[str, ...], whole: list[str]
) -> None:
    lines = run(*command).out.split("Ses logiciels")[-1].splitlines()
    assert max(map(len, lines)) <= 80
    for text in whole:
        assert any(text in line for line in lines)


def test_blockers_name_who_said_nothing(run: Run) -> None:
    outcome = run("blockers")
    assert outcome.code == 0
    assert "e-Mairie" in outcome.out
    assert "n’a rien déclaré à ce jour" in outcome.out


def test_blockers_by_product_and_by_vendor(run: Run) -> None:
    products = json.loads(run("blockers", "--format", "json").out)
    assert [(row["rank"], row["slug"], row["blocked"]) for row in products["blockers"]] == [
        (1, "mairie", 1),
        (2, "guichet", 1),
    ]
    vendors = list(
        csv.DictReader(io.StringIO(run("blockers", "--by", "vendor", "--format", "csv").out))
    )
    assert [row["vendor_name"] for row in vendors] == ["Éditions du Silence", "Aubépine"]
    assert {row["slug"] for row in vendors} == {""}
    assert len(json.loads(run("blockers", "--first", "1", "--format", "json").out)["blockers"]) == 1


def test_one_collectivite_by_any_of_its_codes(run: Run) -> None:
    by_insee = run("collectivite", "01005")
    assert run("collectivite", '="01005"').out == by_insee.out
    assert by_insee.code == 0
    assert "Belley (commune 01005, 9\u202f000 habitants)" in by_insee.out
    assert "bloquée par son logiciel" in by_insee.out
    assert "e-Mairie" in by_insee.out
    vanished = json.loads(run("collectivite", "01099", "--format", "json").out)
    assert vanished["code"] == "01001"
    assert vanished["readiness"] == "CONNECTED"
    rows = list(csv.DictReader(io.StringIO(run("collectivite", "01001", "--format", "csv").out)))
    assert {row["product"] for row in rows} == {"famille", "mairie"}
    assert {row["declared_by"] for row in rows} <= {*Source}


def test_a_collectivite_for_programs_holds_public_keys_only(run: Run) -> None:
    told = json.loads(run("collectivite", "01005", "--format", "json").out)
    assert {"regions", "epci"} <= told.keys()
    contact = told["next_step"]["contacts"][0]
    assert contact.keys() == {"vendor_siren", "vendor_name", "product", "product_name", "address"}
    assert (contact["vendor_siren"], contact["product"]) in {
        (link["vendor_siren"], link["product"]) for link in told["deployments"]
    }
    assert {"since", "declared_by", "confirmed_by"} <= told["deployments"][0].keys()


def test_the_next_step_is_that_of_today(run: Run) -> None:
    assert "Aujourd’hui : " in run("collectivite", "01005", "--as-of", "2020-06-01").out
    assert "Aujourd’hui : " not in run("collectivite", "01005").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("collectivite", "99999"), "Aucune collectivité n’a le code « 99999 »"),
        (("collectivite", "belley"), "n’est pas un code de collectivité"),
        (("blockers", "--departement", "999"), "Code de département inconnu"),
        (("coverage", "--region", "999"), "Code de région inconnu"),
        (("coverage", "--epci", "999999999"), "Aucune intercommunalité"),
    ],
)
def test_a_mistake_is_told_without_traceback(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    outcome = run(*arguments)
    assert outcome.code == 1
    assert said in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("coverage", "--stratum", "VILLE"),
        ("blockers", "--by", "town"),
        ("blockers", "--first", "0"),
        ("coverage", "--as-of", "01/01/2020"),
        ("unknown",),
        ("coverage", "--unknown"),
        ("collectivite",),
        ("collectivite", "01001", "01002"),
        ("import", "referential"),
    ],
)
def test_wrong_usage_exits_2_and_is_told_in_french(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert "Usage : raccord" in outcome.err
    assert "Erreur : " in outcome.err
    assert not re.search(ENGLISH, outcome.err)


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("serve",),
        ("migrate",),
        ("import", "referential"),
        ("import", "bundle"),
        ("import", "datapass"),
        ("export", "bundle"),
        ("coverage",),
        ("blockers",),
        ("simulate",),
        ("plan",),
        ("collectivite",),
        ("verify",),
        ("token",),
        ("token", "create"),
        ("token", "list"),
        ("token", "revoke"),
        ("ministry",),
        ("ministry", "allow"),
        ("ministry", "list"),
        ("ministry", "remove"),
    ],
)
def test_every_command_has_help(run: Run, command: tuple[str, ...]) -> None:
    outcome = run(*command, "--help")
    assert outcome.code == 0
    assert "Usage : raccord" in outcome.out
    assert not re.search(ENGLISH, outcome.out)
