"""The commands are loaded one by one: each is known by its name, and stands alone."""

import subprocess
import sys
from importlib import import_module

import pytest
import typer

from registry.cli import COMMANDS
from registry.cli.program import program


def test_each_command_is_found_by_its_name() -> None:
    for module in COMMANDS.values():
        import_module(f"registry.cli.{module}")
    declared = typer.main.get_group(program).commands
    assert set(declared) == set(COMMANDS), "registry/cli/__init__.py lists the commands"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_stands_alone(name: str) -> None:
    raccord = [sys.executable, "-m", "registry", name, "--help"]
    shown = subprocess.run(raccord, capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"Usage : raccord {name}")
