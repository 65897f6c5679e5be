"""What reaches a program or a person, whatever the alphabet, and what is taken for a yes."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from registry.cli.output import write_csv
from registry.embedded import Addresses
from tests.cli.conftest import Run, run

__all__ = ["run"]

Written = Callable[..., bytes]


@pytest.fixture
def written(world: None, addresses: Addresses) -> Written:
    """What a command writes to a pipe."""

    def command(encoding: str, *arguments: str) -> bytes:
        environment = os.environ | {
            "PYTHONIOENCODING": encoding,
            "RACCORD_DATABASE_URL": addresses.service,
            "RACCORD_OWNER_DATABASE_URL": addresses.owner,
        }
        asked = [sys.executable, "-m", "registry", *arguments]
        done = subprocess.run(asked, capture_output=True, env=environment, check=True)
        return done.stdout

    return command


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_no_letter_is_lost_on_its_way_to_a_program(written: Written, encoding: str) -> None:
    told = json.loads(written(encoding, "blockers", "--format", "json").decode(encoding))
    names = {row["vendor_name"] for row in told["blockers"]}
    assert "Éditions du Silence" in names
    listed = written(encoding, "blockers", "--format", "csv").decode("utf-8")
    assert "Éditions du Silence" in listed


def test_cells_are_those_of_the_site_s_files(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    record = {"yes": True, "nothing": None, "several": ["x", "y"], "run": "=1;+2", "name": "a, é"}
    write_csv([record], [*record])
    written = capsysbinary.readouterr().out.decode()
    assert written == 'yes,nothing,several,run,name\ntrue,,x|y,"\'=1;\'+2","a, é"\n'


@pytest.mark.parametrize(
    ("answers", "asked", "told"),
    [
        ("o\n", 1, "Le registre ne tient rien de cette personne."),
        ("Oui\n", 1, "Le registre ne tient rien de cette personne."),
        ("n\n", 1, "Rien n’a été effacé."),
        ("\n", 1, "Rien n’a été effacé."),
        ("y\nautre\nNON\n", 3, "Rien n’a été effacé."),
        ("", 1, "Abandonné."),
    ],
)
def test_a_question_is_asked_and_answered_in_french(
    run: Run, monkeypatch: pytest.MonkeyPatch, answers: str, asked: int, told: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    done = run("privacy", "erase", "nul@exemple.fr")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("[o/N]") == asked
    assert told in done.err
