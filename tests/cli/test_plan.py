import csv
import io
import json

import pytest

from registry.cli import output
from tests.api.test_vendors import AUBEPINE, SILENT
from tests.cli.conftest import Run
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")


def test_a_simulation_reads_well_in_a_terminal(run: Run) -> None:
    outcome = run("simulate", "--vendor", SILENT)
    assert outcome.code == 0
    assert "1 → 2" in outcome.out
    assert "1 collectivité pourrait activer FranceConnect de plus." in outcome.err


def test_a_simulation_for_programs(run: Run) -> None:
    options = ("--vendor", SILENT, "--product", f"{AUBEPINE}/guichet")
    told = json.loads(run("simulate", *options, "--format", "json").out)
    assert told["unlocked"] == 2
    assert told["after"]["total"]["ready"] - told["before"]["total"]["ready"] == 2
    rows = list(csv.DictReader(io.StringIO(run("simulate", *options, "--format", "csv").out)))
    assert [row["side"] for row in rows] == ["before"] * 5 + ["after"] * 5
    assert (rows[4]["ready"], rows[9]["ready"]) == ("1", "3")


def test_a_former_key_means_what_it_became(run: Run) -> None:
    told = json.loads(run("simulate", "--product", f"{AUBEPINE}/ancien", "--format", "json").out)
    assert told["unlocked"] == 0


def test_a_plan_reads_well_in_a_terminal(run: Run) -> None:
    outcome = run("plan")
    assert outcome.code == 0
    assert "Éditions du Silence" in outcome.out
    assert "e-Mairie (non intégré, 1)" in outcome.out
    assert "Il est prouvé qu’aucun autre plan n’est meilleur." in outcome.err
    assert "hors d’atteinte" in outcome.err
    assert "sans logiciel connu" in outcome.err


def test_a_plan_for_programs(run: Run) -> None:
    told = json.loads(run("plan", "--by", "product", "--format", "json").out)
    assert told["optimal"] is True
    assert [step["rank"] for step in told["steps"]] == [1, 2, 3]
    assert {step["slug"] for step in told["steps"]} == {"mairie", "guichet", "cantine"}
    rows = list(csv.DictReader(io.StringIO(run("plan", "--format", "csv").out)))
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert {row["slug"] for row in rows} == {""}


def test_a_plan_knows_who_refused_and_who_promised(run: Run) -> None:
    options = ("--exclude", f"{AUBEPINE}/guichet", "--promised", SILENT, "--format", "json")
    told = json.loads(run("plan", *options).out)
    assert [step["vendor_siren"] for step in told["steps"]] == [siren(99990002)]
    assert len(json.loads(run("plan", "--at-most", "1", "--format", "json").out)["steps"]) == 1


def test_a_plan_without_time_claims_nothing(run: Run) -> None:
    outcome = run("plan", "--at-most", "2", "--time-limit", "0")
    assert outcome.code == 0
    assert "Le temps a manqué" in outcome.err


def test_nothing_to_close_is_told(run: Run) -> None:
    outcome = run("plan", "--stratum", "COMMUNE_OVER_3500")
    assert "Rien à combler" in outcome.err


@pytest.mark.parametrize("command", [("plan",), ("simulate", "--vendor", SILENT)])
def test_eighty_columns_split_no_word(
    run: Run, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "WIDE", 80)
    assert max(map(len, run(*command).out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulate", "--vendor", siren(12345678)), "Aucun éditeur n’a le SIREN"),
        (("simulate", "--vendor", "123"), "n’est pas un SIREN"),
        (("simulate", "--product", f"{SILENT}/rien"), "Aucun logiciel n’a la clé"),
        (("simulate", "--product", SILENT), "n’est pas une clé de logiciel"),
        (("plan", "--departement", "999"), "Code de département inconnu"),
        (("plan", "--exclude", SILENT, "--promised", SILENT), "est exclu et promis"),
    ],
)
def test_a_mistake_is_told(run: Run, arguments: tuple[str, ...], said: str) -> None:
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert said in outcome.err
