"""Dated histories: the arrows of domain.md §4, and what an import makes of a recorded history."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from models import ActivationState, CommitmentState, DisputeState, GrantClaimState, IntegrationState
from registry.database import Database
from registry.domain import transitions
from registry.domain.errors import NotInThisState
from tests.exchange.bundles import (
    exported,
    imported,
    insert_geography,
    refused,
    rows_of,
    small,
    stored,
    write,
)

Row = dict[str, str]

INTEGRATION = {
    "NONE": "PLANNED SANDBOX QUALIFICATION_REQUESTED QUALIFIED WITHDRAWN",
    "PLANNED": "SANDBOX QUALIFICATION_REQUESTED QUALIFIED WITHDRAWN",
    "SANDBOX": "QUALIFICATION_REQUESTED QUALIFIED WITHDRAWN",
    "QUALIFICATION_REQUESTED": "SANDBOX QUALIFIED WITHDRAWN",
    "QUALIFIED": "SUSPENDED WITHDRAWN",
    "SUSPENDED": "QUALIFIED WITHDRAWN",
    "WITHDRAWN": "PLANNED",
}
COMMITMENT = {
    "NONE": "INVITED SIGNED DECLINED",
    "INVITED": "SIGNED DECLINED",
    "DECLINED": "SIGNED",
    "SIGNED": "WITHDRAWN EXPIRED BREACH_ALLEGED",
    "BREACH_ALLEGED": "SIGNED BREACHED",
    "WITHDRAWN": "SIGNED",
    "EXPIRED": "SIGNED",
    "BREACHED": "SIGNED",
}
COMMITMENT_PAST_ITS_END = COMMITMENT | {
    "SIGNED": "WITHDRAWN EXPIRED BREACH_ALLEGED SIGNED",
    "BREACH_ALLEGED": "SIGNED BREACHED",
}
ACTIVATION = {
    "NONE": "PLANNED STOPPED",
    "PLANNED": "HABILITATION_SUBMITTED STOPPED",
    "HABILITATION_SUBMITTED": "HABILITATION_CHANGES_REQUESTED HABILITATION_GRANTED"
    " HABILITATION_REFUSED STOPPED",
    "HABILITATION_CHANGES_REQUESTED": "HABILITATION_SUBMITTED STOPPED",
    "HABILITATION_REFUSED": "HABILITATION_SUBMITTED STOPPED",
    "HABILITATION_GRANTED": "IN_INTEGRATION STOPPED",
    "IN_INTEGRATION": "GO_LIVE_REQUESTED STOPPED",
    "GO_LIVE_REQUESTED": "IN_PRODUCTION STOPPED",
    "IN_PRODUCTION": "SUSPENDED STOPPED",
    "SUSPENDED": "IN_PRODUCTION STOPPED",
    "STOPPED": "PLANNED",
}
ACTIVATION_ONCE_QUALIFIED = ACTIVATION | {
    "HABILITATION_GRANTED": "IN_INTEGRATION GO_LIVE_REQUESTED STOPPED"
}
DISPUTE = {
    "OPEN": "UNDER_REVIEW WITHDRAWN",
    "UNDER_REVIEW": "AWAITING_REPLY UPHELD DISMISSED WITHDRAWN",
    "AWAITING_REPLY": "UNDER_REVIEW WITHDRAWN",
    "UPHELD": "UNDER_REVIEW",
    "DISMISSED": "UNDER_REVIEW",
    "WITHDRAWN": "",
}
GRANT_CLAIM = {
    "DRAFT": "SUBMITTED CANCELLED",
    "SUBMITTED": "CHANGES_REQUESTED ACCEPTED REJECTED CANCELLED",
    "CHANGES_REQUESTED": "SUBMITTED CANCELLED",
    "ACCEPTED": "PAID",
    "REJECTED": "",
    "PAID": "RECOVERY_REQUESTED",
    "RECOVERY_REQUESTED": "RECOVERED",
    "RECOVERED": "",
    "CANCELLED": "",
}

STATES: Mapping[str, type[StrEnum]] = {
    "integrations": IntegrationState,
    "commitments": CommitmentState,
    "activations": ActivationState,
}


@pytest.fixture
async def registry(database: Database) -> Database:
    async with database.transaction() as session:
        await insert_geography(session)
    return database


@pytest.mark.parametrize(
    ("states", "arrows", "table"),
    [
        (IntegrationState, transitions.INTEGRATION, INTEGRATION),
        (CommitmentState, transitions.COMMITMENT, COMMITMENT),
        (ActivationState, transitions.ACTIVATION, ACTIVATION_ONCE_QUALIFIED),
        (DisputeState, transitions.DISPUTE, DISPUTE),
        (GrantClaimState, transitions.GRANT_CLAIM, GRANT_CLAIM),
    ],
    ids=["integration", "commitment", "activation", "dispute", "grant claim"],
)
def test_each_machine_has_exactly_its_arrows(
    states: type[StrEnum], arrows: Any, table: dict[str, str]
) -> None:
    assert set(arrows) == set(states) == set(table)
    for current in states:
        for wanted in states:
            if wanted in table[current].split():
                transitions.check(arrows, current, wanted)
            else:
                with pytest.raises(NotInThisState) as refusal:
                    transitions.check(arrows, current, wanted)
                assert current in str(refusal.value)
                assert all(allowed in str(refusal.value) for allowed in table[current].split())


def pairs(noun: str) -> dict[str, tuple[str, str]]:
    """A product for each pair of states."""
    states = [str(state) for state in STATES[noun]]
    every = [(current, wanted) for current in states for wanted in states]
    return {f"p{i}": pair for i, pair in enumerate(every)}


def catalogue(noun: str, *, qualified: bool) -> dict[str, list[Row]]:
    files = small()
    names = list(pairs(noun))
    product, integration, deployment = (
        files[name][0] for name in ("products", "integrations", "deployments")
    )
    integrated = [integration | {"product": name} for name in names] if qualified else []
    return {
        "vendors": files["vendors"],
        "products": [product | {"slug": name} for name in names],
        "integrations": integrated,
        "deployments": [deployment | {"product": name} for name in names],
    }


def step(noun: str, product: str, day: str, state: str, **cells: str) -> Row:
    target = {"target_date": "2030-01-01"} if noun == "integrations" else {}
    row = small()[noun][0] | {"product": product, "effective_on": day, "state": state}
    return row | target | cells


MACHINES = pytest.mark.parametrize(
    ("noun", "table", "qualified", "cells"),
    [
        ("integrations", INTEGRATION, False, {}),
        ("commitments", COMMITMENT, False, {}),
        ("commitments", COMMITMENT, False, {"valid_until": "2023-06-01"}),
        ("commitments", COMMITMENT_PAST_ITS_END, False, {"valid_until": "2023-05-31"}),
        ("activations", ACTIVATION, False, {}),
        ("activations", ACTIVATION_ONCE_QUALIFIED, True, {}),
    ],
    ids=[
        "integration",
        "commitment",
        "commitment on its last day",
        "commitment past its end",
        "activation",
        "activation once qualified",
    ],
)


def illegal(noun: str, table: dict[str, str]) -> set[str]:
    return {
        product
        for product, (current, wanted) in pairs(noun).items()
        if wanted not in table[current].split()
    }


@MACHINES
async def test_an_import_follows_exactly_the_arrows(
    registry: Database,
    tmp_path: Path,
    noun: str,
    table: dict[str, str],
    qualified: bool,  # noqa: FBT001
    cells: dict[str, str],
) -> None:
    """In one file, the later row first; then the legal histories alone."""
    wrong = illegal(noun, table)
    laters = [step(noun, p, "2023-06-01", to, **cells) for p, (_, to) in pairs(noun).items()]
    firsts = [step(noun, p, "2023-01-01", of, **cells) for p, (of, _) in pairs(noun).items()]
    await imported(registry, write(tmp_path / "0", catalogue(noun, qualified=qualified)))
    before = await stored(registry)
    faults = await refused(registry, write(tmp_path / "1", {noun: [*laters, *firsts]}))
    assert {laters[fault.line - 2]["product"] for fault in faults} == wrong
    for fault in faults:
        current, wanted = pairs(noun)[laters[fault.line - 2]["product"]]
        assert (fault.file, fault.column, fault.value) == (f"{noun}.csv", "state", wanted)
        if "qualifié" not in fault.reason:
            assert fault.reason.startswith(f"{current} ne peut pas devenir {wanted}")
    assert await stored(registry) == before
    legal = [row for row in [*laters, *firsts] if row["product"] not in wrong]
    assert (await imported(registry, write(tmp_path / "2", {noun: legal}))).created == {
        noun.removesuffix("s"): len(legal)
    }


@MACHINES
async def test_what_is_appended_follows_exactly_the_arrows(
    registry: Database,
    tmp_path: Path,
    noun: str,
    table: dict[str, str],
    qualified: bool,  # noqa: FBT001
    cells: dict[str, str],
) -> None:
    """The first step is recorded: at any state."""
    firsts = [step(noun, p, "2023-01-01", of, **cells) for p, (of, _) in pairs(noun).items()]
    laters = [step(noun, p, "2023-06-01", to, **cells) for p, (_, to) in pairs(noun).items()]
    await imported(registry, write(tmp_path / "0", catalogue(noun, qualified=qualified)))
    await imported(registry, write(tmp_path / "1", {noun: firsts}))
    faults = await refused(registry, write(tmp_path / "2", {noun: laters}))
    assert {laters[fault.line - 2]["product"] for fault in faults} == illegal(noun, table)


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
