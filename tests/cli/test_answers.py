import csv
import io
import json

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("world")


def test_coverage_reads_well_in_a_terminal(run: Run) -> None:
    outcome = run("coverage")
    assert outcome.code == 0
    assert "Communes jusqu’à 3 500 habitants" in outcome.out
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
    assert by_insee.code == 0
    assert "Belley (commune 01005, 9\u202f000 habitants)" in by_insee.out
    assert "bloquée par son logiciel" in by_insee.out
    assert "e-Mairie" in by_insee.out
    vanished = json.loads(run("collectivite", "01099", "--format", "json").out)
    assert vanished["code"] == "01001"
    assert vanished["readiness"] == "CONNECTED"
    rows = list(csv.DictReader(io.StringIO(run("collectivite", "01001", "--format", "csv").out)))
    assert {row["slug"] for row in rows} == {"famille", "mairie"}


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
        ("import", "referential"),
    ],
)
def test_wrong_usage_exits_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2


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
        ("collectivite",),
        ("verify",),
    ],
)
def test_every_command_has_help(run: Run, command: tuple[str, ...]) -> None:
    outcome = run(*command, "--help")
    assert outcome.code == 0
    assert "Usage" in outcome.out
