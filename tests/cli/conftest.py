import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from registry.cli import main
from registry.database import Database
from registry.embedded import Addresses


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(
    database: Database,
    addresses: Addresses,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """``raccord`` with these arguments, on the suite's database given as an external one."""
    monkeypatch.setenv("RACCORD_DATABASE_URL", addresses.service)
    monkeypatch.setenv("RACCORD_OWNER_DATABASE_URL", addresses.owner)

    def command(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["raccord", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return Outcome(int(stopped.value.code or 0), printed.out, printed.err)

    return command
