"""Deployments: their periods, who confirms them, and the activations that rest on them."""

from pathlib import Path

import pytest

from registry.database import Database
from tests.exchange.bundles import imported, refused, small, write
from tests.exchange.test_bundle.support import back, faults_of


def periods(*pairs: tuple[str, str]) -> dict[str, list[dict[str, str]]]:
    row = small()["deployments"][0]
    return {"deployments": [row | {"since": since, "until": until} for since, until in pairs]}


@pytest.mark.parametrize(
    "spans",
    [
        [("2021-01-01", "2022-01-01"), ("2022-01-01", "")],
        [("2023-01-01", ""), ("2021-01-01", "2022-06-01")],
        [("2021-01-01", "2021-01-01"), ("2020-01-01", "")],
        [("2021-01-01", "2031-01-01")],
    ],
    ids=["touching", "apart", "an empty one", "until may come"],
)
async def test_periods_that_do_not_overlap(
    filled: Database, tmp_path: Path, spans: list[tuple[str, str]]
) -> None:
    folder = write(tmp_path / "in", periods(*spans))
    await imported(filled, folder)
    recorded = await back(filled, tmp_path / "out", "deployments")
    assert [(row["since"], row["until"]) for row in recorded] == sorted(spans)


async def test_an_update_that_ends_a_period_makes_room(filled: Database, tmp_path: Path) -> None:
    spans = [("2022-01-01", ""), ("2021-01-01", "2022-01-01")]
    report = await imported(filled, write(tmp_path / "in", periods(*spans)))
    assert (report.created, report.changed) == ({"deployment": 1}, {"deployment": 1})


async def test_one_period_opens_as_another_closes(filled: Database, tmp_path: Path) -> None:
    first = [("2020-01-01", "2021-01-01"), ("2021-01-01", "")]
    await imported(filled, write(tmp_path / "1", periods(*first)))
    swapped = [("2020-01-01", ""), ("2021-01-01", "2021-01-01")]
    report = await imported(filled, write(tmp_path / "2", periods(*swapped)))
    assert report.changed == {"deployment": 2}


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
    filled: Database, tmp_path: Path, spans: list[tuple[str, str]], line: int, reason: str
) -> None:
    row = small()["deployments"][0]
    rows = [row | {"since": since, "until": until} for since, until in spans]
    (fault,) = await faults_of(filled, write(tmp_path / "in", {"deployments": rows}))
    assert (fault.line, fault.column, fault.value) == (line, "since", spans[line - 2][0])
    assert reason in fault.reason


async def test_a_period_that_would_be_closed_by_a_wrong_line(
    filled: Database, tmp_path: Path
) -> None:
    row = small()["deployments"][0]
    rows = [row | {"until": "2022-01-01", "operator": "1"}, row | {"since": "2022-01-01"}]
    faults = await faults_of(filled, write(tmp_path / "in", {"deployments": rows}))
    assert (2, "operator") in [(f.line, f.column) for f in faults]


async def test_an_activation_needs_a_deployment(filled: Database, tmp_path: Path) -> None:
    rows = [small()["activations"][0] | {"collectivite": code} for code in ("59512", "215903501")]
    (fault,) = await faults_of(filled, write(tmp_path / "in", {"activations": rows}))
    assert (fault.line, fault.column, fault.value) == (2, "demarche", "PERISCOLAIRE")
    assert "aucun déploiement" in fault.reason


@pytest.mark.parametrize(
    ("declared_by", "confirmed_by"),
    [
        ("VENDOR", "COLLECTIVITE"),
        ("VENDOR", "MINISTRY"),
        ("COLLECTIVITE", "VENDOR"),
        ("COLLECTIVITE", "MINISTRY"),
        ("MINISTRY", ""),
        ("", "COLLECTIVITE"),
    ],
)
async def test_the_other_side_or_the_ministry_confirms(
    registry: Database, tmp_path: Path, declared_by: str, confirmed_by: str
) -> None:
    files = small()
    files["deployments"][0] |= {"declared_by": declared_by, "confirmed_by": confirmed_by}
    await imported(registry, write(tmp_path / "in", files))
    (row,) = await back(registry, tmp_path / "out", "deployments")
    assert (row["declared_by"], row["confirmed_by"]) == (declared_by or "VENDOR", confirmed_by)


@pytest.mark.parametrize(
    ("recorded", "given"),
    [
        ({"confirmed_by": "COLLECTIVITE"}, {"declared_by": "COLLECTIVITE"}),
        ({"confirmed_by": "COLLECTIVITE"}, {"declared_by": "MINISTRY"}),
        ({"declared_by": "COLLECTIVITE"}, {"confirmed_by": "COLLECTIVITE"}),
        ({"declared_by": "MINISTRY"}, {"confirmed_by": "VENDOR"}),
        ({}, {"confirmed_by": "VENDOR"}),
        ({}, {"declared_by": "VENDOR", "confirmed_by": "VENDOR"}),
        ({}, {"declared_by": "MINISTRY", "confirmed_by": "COLLECTIVITE"}),
    ],
)
async def test_no_side_confirms_what_it_declared(
    registry: Database, tmp_path: Path, recorded: dict[str, str], given: dict[str, str]
) -> None:
    """The column that the file lacks keeps its recorded value, and counts."""
    files = small()
    files["deployments"][0] |= recorded
    await imported(registry, write(tmp_path / "1", files))
    update = {"deployments": [small()["deployments"][0] | given]}
    (fault,) = await refused(registry, write(tmp_path / "2", update))
    assert (fault.file, fault.line, fault.column) == ("deployments.csv", 2, "confirmed_by")
