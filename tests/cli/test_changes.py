import csv
import io
import json

import pytest

from registry.cli import output
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("world")
PERIOD = ("--since", "2025-05-31", "--until", "2025-06-01")


def test_changes_read_well_in_a_terminal(run: Run) -> None:
    outcome = run("changes", *PERIOD)
    assert outcome.code == 0
    assert "Du 31/05/2025 au 01/06/2025" in outcome.out
    assert "Saint-Étienne-du-Bois" in outcome.out
    assert "1 collectivité sur 1." in outcome.err
    assert "1 nouvellement raccordée, 0 nouvellement prête" in outcome.err
    by_product = run("changes", *PERIOD, "--by", "product")
    assert "Portail Familles" in by_product.out
    assert "2 logiciels sur 2." in by_product.err


def test_changes_for_programs(run: Run) -> None:
    told = json.loads(run("changes", *PERIOD, "--format", "json").out)
    assert (told["since"], told["since_entry"], told["total"]) == ("2025-05-31", None, 1)
    assert told["counts"]["newly_connected"] == 1
    (change,) = told["changes"]
    assert (change["code"], change["before"], change["after"]) == (
        "01001",
        "BLOCKED_BY_SOFTWARE",
        "CONNECTED",
    )
    rows = list(
        csv.DictReader(
            io.StringIO(run("changes", *PERIOD, "--by", "product", "--format", "csv").out)
        )
    )
    assert [(row["slug"], row["newly_connected"]) for row in rows] == [
        ("famille", "1"),
        ("mairie", "1"),
    ]


def test_changes_between_entries_of_the_ledger(run: Run) -> None:
    told = json.loads(run("changes", "--since-entry", "1", "--format", "json").out)
    assert (told["since_entry"], told["counts"]["moved"], told["changes"]) == (1, 0, [])
    assert "(entrée 1)" in run("changes", "--since-entry", "1").out
    kinds = ("--kind", "NEWLY_BLOCKED", "--format", "csv")
    assert run("changes", "--since-entry", "1", *kinds).out == "code,name,before,after\n"


@pytest.mark.parametrize("options", [(), ("--by", "product")])
def test_eighty_columns_split_no_word(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr(output, "WIDE", 80)
    lines = run("changes", "--since", "2022-01-01", *options).out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("non intégré" in line or "bloquée par un surcoût" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Dire depuis quelle date"),
        (("--since", "2024-01-02", "--until", "2024-01-01"), "est après"),
        (("--since-entry", "100000"), "pas d’entrée 100000"),
    ],
)
def test_a_mistake_is_told(run: Run, arguments: tuple[str, ...], said: str) -> None:
    outcome = run("changes", *arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert said in outcome.err
