"""Which days a bundle may give: what happened is not of the future, what is to come may be."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.database import Database
from registry.domain.clock import today
from tests.exchange.bundles import exported, imported, refused, rows_of, small, write


@pytest.mark.parametrize(
    ("noun", "column"),
    [
        ("integrations", "effective_on"),
        ("commitments", "effective_on"),
        ("deployments", "since"),
        ("activations", "effective_on"),
    ],
)
async def test_today_is_taken_and_tomorrow_is_not(
    registry: Database, tmp_path: Path, noun: str, column: str
) -> None:
    files = small()
    files[noun][0][column] = str(today() + timedelta(days=1))
    faults = await refused(registry, write(tmp_path / "tomorrow", files))
    assert [(f.file, f.line, f.column) for f in faults] == [(f"{noun}.csv", 2, column)]
    assert "futur" in faults[0].reason
    files[noun][0][column] = str(today())
    assert (await imported(registry, write(tmp_path / "today", files))).created


async def test_today_is_that_of_paris(
    registry: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AfterMidnightInParis(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "AfterMidnightInParis":
            return cls(2024, 6, 30, 22, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr("registry.domain.clock.datetime", AfterMidnightInParis)
    assert today() == date(2024, 7, 1)
    files = small()
    files["deployments"][0]["since"] = "2024-07-01"
    assert (await imported(registry, write(tmp_path / "in", files))).created


async def test_what_is_to_come_may_be_dated(registry: Database, tmp_path: Path) -> None:
    files = small()
    later = str(today() + timedelta(days=400))
    files["integrations"][0] |= {"state": "PLANNED", "target_date": later}
    files["commitments"][0]["valid_until"] = later
    files["deployments"][0]["until"] = later
    await imported(registry, write(tmp_path / "in", files))
    await exported(registry, tmp_path / "out")
    assert rows_of(tmp_path / "out", "integrations")[0]["target_date"] == later
    assert rows_of(tmp_path / "out", "commitments")[0]["valid_until"] == later
    assert rows_of(tmp_path / "out", "deployments")[0]["until"] == later
