import csv
import io
import json

import pytest

from registry.cli import output
from registry.domain.clock import today
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("world")
PERIOD = ("--from", "2025-05-15", "--to", "2025-07-01")


def test_the_trend_reads_well_in_a_terminal(run: Run) -> None:
    outcome = run("trend", *PERIOD)
    assert outcome.code == 0
    assert "Raccordées (et prêtes) du 15/05/2025 au 01/07/2025" in outcome.out
    assert "Communes jusqu’à 3 500 habitants" in outcome.out
    assert "+0,6" in outcome.out
    assert "dates déclarées" in outcome.err


def test_the_trend_for_programs_counts_the_same_in_json_and_csv(run: Run) -> None:
    told = json.loads(run("trend", *PERIOD, "--format", "json").out)
    rows = list(csv.DictReader(io.StringIO(run("trend", *PERIOD, "--format", "csv").out)))
    assert [point["as_of"] for point in told["points"]] == [
        "2025-05-15",
        "2025-06-15",
        "2025-07-01",
    ]
    totals = [int(row["connected"]) for row in rows if row["stratum"] == "TOTAL"]
    assert totals == [0, 1, 1] == [point["counts"][-1]["connected"] for point in told["points"]]
    assert told["pace"][-1]["stratum"] == "TOTAL"
    assert told["pace"][-1]["connected_gained"] == 1


def test_the_forecast_reads_well_in_a_terminal(run: Run) -> None:
    outcome = run("forecast")
    assert outcome.code == 0
    assert "jamais" in outcome.out
    assert "5\u202f000" in outcome.out
    assert "ligne droite" in outcome.err
    assert "pas une probabilité" in outcome.err


def test_the_forecast_for_programs(run: Run) -> None:
    wanted = f"{today().year + 1}-12-31"
    told = json.loads(run("forecast", "--needed-by", wanted, "--format", "json").out)
    assert told["needed_by"] == wanted
    assert [target["stratum"] for target in told["targets"]][-1] == "TOTAL"
    rows = list(csv.DictReader(io.StringIO(run("forecast", "--format", "csv").out)))
    assert [int(row["missing"]) for row in rows] == [t["missing"] for t in told["targets"]]


@pytest.mark.parametrize("command", [("trend", *PERIOD), ("forecast",)])
def test_eighty_columns_split_no_number(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(output, "WIDE", 80)
    lines = run(*command).out.splitlines()
    assert max(map(len, lines)) <= 80
    for text in ("01/07/2025", "Par mois") if command[0] == "trend" else ("4\u202f999", "jamais"):
        assert any(text in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trend", "--from", "2024-01-02", "--to", "2024-01-01"), "est après"),
        (("trend", "--from", "2020-01-01", "--to", "2024-01-01"), "un pas plus long"),
        (("forecast", "--needed-by", "2020-01-01"), "n’est pas à venir"),
    ],
)
def test_a_mistake_is_told(run: Run, arguments: tuple[str, ...], said: str) -> None:
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert said in outcome.err
