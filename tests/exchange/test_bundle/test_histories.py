"""Dated histories: what an import makes of a recorded history."""

from pathlib import Path

import pytest

from registry.database import Database
from tests.exchange.bundles import exported, imported, refused, rows_of, small, stored, write
from tests.exchange.test_bundle.support import Row, step


def history(*steps: tuple[str, str], noun: str = "integrations") -> dict[str, list[Row]]:
    return {noun: [step(noun, "agora", day, state) for day, state in steps]}


async def after(
    database: Database, folder: Path, *given: dict[str, list[Row]], noun: str = "integrations"
) -> list[tuple[str, str]]:
    """The history once each of the bundles is imported."""
    first = small()
    del first[noun]
    if noun == "integrations":
        del first["activations"]
    await imported(database, write(folder / "small", first))
    for number, files in enumerate(given):
        await imported(database, write(folder / str(number), files))
    await exported(database, folder / "out")
    return [(row["effective_on"], row["state"]) for row in rows_of(folder / "out", noun)]


FIRST, SECOND, THIRD = (
    ("2023-01-01", "SANDBOX"),
    ("2023-02-01", "QUALIFIED"),
    (
        "2023-02-01",
        "SUSPENDED",
    ),
)


@pytest.mark.parametrize(
    "given",
    [
        [[FIRST, SECOND, THIRD]],
        [[SECOND, THIRD, FIRST]],
        [[FIRST], [SECOND], [THIRD]],
        [[FIRST, SECOND], [FIRST, SECOND, THIRD]],
        [[FIRST, SECOND], [SECOND, THIRD]],
        [[FIRST, SECOND, THIRD], [FIRST], [THIRD], [SECOND]],
    ],
)
async def test_known_rows_are_passed_over_and_later_ones_appended(
    registry: Database, tmp_path: Path, given: list[list[tuple[str, str]]]
) -> None:
    kept = await after(registry, tmp_path, *(history(*steps) for steps in given))
    assert kept == [FIRST, SECOND, THIRD]


async def test_rows_of_one_day_keep_the_order_of_the_file(
    registry: Database, tmp_path: Path
) -> None:
    day = "2023-02-01"
    states = ["QUALIFIED", "SUSPENDED", "QUALIFIED", "WITHDRAWN", "PLANNED"]
    steps = [(day, state) for state in states]
    assert await after(registry, tmp_path, history(*steps)) == steps
    assert (await imported(registry, tmp_path / "0")).nothing
    longer = history(*steps, (day, "SANDBOX"), (day, "WITHDRAWN"))
    report = await imported(registry, write(tmp_path / "longer", longer))
    assert report.created == {"integration": 2}


@pytest.mark.parametrize(
    ("recorded", "given", "line", "column", "reason"),
    [
        ([SECOND], [FIRST], 2, "effective_on", "antérieure à la dernière étape"),
        ([FIRST, SECOND], [("2023-01-15", "PLANNED")], 2, "effective_on", "antérieure"),
        ([SECOND], [SECOND, ("2023-03-01", "SANDBOX")], 3, "state", "ne peut pas devenir"),
        ([SECOND], [SECOND, SECOND], 3, "state", "QUALIFIED ne peut pas devenir QUALIFIED"),
        ([], [SECOND, SECOND], 3, "state", "QUALIFIED ne peut pas devenir QUALIFIED"),
        (
            [("2023-02-01", "SANDBOX"), SECOND],
            [("2023-02-01", "SANDBOX"), THIRD, SECOND],
            3,
            "state",
            "placée avant une étape déjà enregistrée (ligne 4)",
        ),
    ],
    ids=["before", "between", "no arrow", "twice", "twice at once", "between those of a day"],
)
async def test_anything_else_is_refused(
    registry: Database,
    tmp_path: Path,
    recorded: list[tuple[str, str]],
    given: list[tuple[str, str]],
    line: int,
    column: str,
    reason: str,
) -> None:
    assert await after(registry, tmp_path, *([history(*recorded)] if recorded else [])) == recorded
    before = await stored(registry)
    (fault,) = await refused(registry, write(tmp_path / "wrong", history(*given)))
    assert (fault.line, fault.column) == (line, column)
    assert reason in fault.reason
    assert await stored(registry) == before


async def test_the_other_cells_of_a_known_row_are_updated(
    registry: Database, tmp_path: Path
) -> None:
    await imported(registry, write(tmp_path / "1", small()))
    row = small()["integrations"][0] | {
        "evidence_level": "EVIDENCED",
        "evidence_url": "https://preuve.example/1",
        "min_version": "4.2",
    }
    report = await imported(registry, write(tmp_path / "2", {"integrations": [row]}))
    assert (report.created, report.changed) == ({}, {"integration": 1})
    del row["evidence_level"]
    report = await imported(
        registry, write(tmp_path / "3", {"integrations": [row | {"min_version": ""}]})
    )
    assert report.changed == {"integration": 1}
    await exported(registry, tmp_path / "out")
    (kept,) = rows_of(tmp_path / "out", "integrations")
    assert kept["evidence_level"] == "EVIDENCED"
    assert (kept["evidence_url"], kept["min_version"]) == ("https://preuve.example/1", "")


@pytest.mark.parametrize("level", ["", "SELF_DECLARED", "EVIDENCED"])
async def test_a_verified_level_is_never_lowered(
    registry: Database, tmp_path: Path, level: str
) -> None:
    files = small()
    files["integrations"][0]["evidence_level"] = "VERIFIED"
    await imported(registry, write(tmp_path / "1", files))
    row = files["integrations"][0] | {"evidence_level": level}
    assert (await imported(registry, write(tmp_path / "2", {"integrations": [row]}))).nothing
    report = await imported(
        registry, write(tmp_path / "3", {"integrations": [row | {"min_version": "5"}]})
    )
    assert report.changed == {"integration": 1}
    await exported(registry, tmp_path / "out")
    (kept,) = rows_of(tmp_path / "out", "integrations")
    assert (kept["evidence_level"], kept["min_version"]) == ("VERIFIED", "5")


async def test_an_end_that_a_recorded_step_needs_stays(registry: Database, tmp_path: Path) -> None:
    """Otherwise the export could not be imported again."""
    row = small()["commitments"][0]
    steps = [
        row | {"valid_until": "2022-12-31"},
        row | {"effective_on": "2023-01-01", "valid_until": ""},
    ]
    files = small() | {"commitments": steps}
    await imported(registry, write(tmp_path / "1", files))
    for number, end in enumerate(("", "2023-01-01")):
        changed = {"commitments": [row | {"valid_until": end}]}
        (fault,) = await refused(registry, write(tmp_path / f"no{number}", changed))
        assert (fault.line, fault.column, fault.value) == (2, "valid_until", end)
    sooner = {"commitments": [row | {"valid_until": "2022-06-30"}]}
    assert (await imported(registry, write(tmp_path / "2", sooner))).changed == {"commitment": 1}


async def test_a_promise_of_one_product_is_apart_from_that_of_its_vendor(
    registry: Database, tmp_path: Path
) -> None:
    row = small()["commitments"][0]
    steps = [row, row | {"product": "agora", "state": "DECLINED"}]
    files = small() | {"commitments": steps}
    await imported(registry, write(tmp_path / "1", files))
    later = {"effective_on": "2024-01-01"}
    more = [steps[0] | later | {"state": "WITHDRAWN"}, steps[1] | later | {"state": "SIGNED"}]
    await imported(registry, write(tmp_path / "2", {"commitments": more}))
    await exported(registry, tmp_path / "out")
    assert [(r["product"], r["state"]) for r in rows_of(tmp_path / "out", "commitments")] == [
        ("", "SIGNED"),
        ("", "WITHDRAWN"),
        ("agora", "DECLINED"),
        ("agora", "SIGNED"),
    ]


@pytest.mark.parametrize("target", ["", None])
async def test_planned_needs_a_target_date(
    registry: Database, tmp_path: Path, target: str | None
) -> None:
    files = small()
    files["integrations"][0] |= {"state": "PLANNED"} | (
        {} if target is None else {"target_date": target}
    )
    (fault,) = await refused(registry, write(tmp_path / "in", files))
    assert (fault.file, fault.line, fault.column) == ("integrations.csv", 2, "target_date")


@pytest.mark.parametrize(
    ("day", "accepted"), [("2022-05-31", False), ("2022-06-01", True), ("2022-09-01", False)]
)
async def test_the_short_way_is_open_while_the_product_is_qualified(
    registry: Database,
    tmp_path: Path,
    day: str,
    accepted: bool,  # noqa: FBT001
) -> None:
    files = small()
    (qualified,), (active,) = files["integrations"], files["activations"]
    files["integrations"] = [
        qualified | {"effective_on": "2022-06-01"},
        qualified | {"effective_on": "2022-09-01", "state": "SUSPENDED"},
    ]
    files["activations"] = [
        active | {"effective_on": "2022-01-01", "state": "HABILITATION_GRANTED"},
        active | {"effective_on": day, "state": "GO_LIVE_REQUESTED"},
    ]
    folder = write(tmp_path / "in", files)
    if accepted:
        assert (await imported(registry, folder)).created["activation"] == 2
    else:
        (fault,) = await refused(registry, folder)
        assert (fault.file, fault.line, fault.column) == ("activations.csv", 3, "state")
