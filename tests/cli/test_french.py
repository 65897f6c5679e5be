"""No English sentence reaches whoever types a command, and no alphabet stops it."""

import os
import re
import socket
import subprocess
import sys

import asyncpg
import pytest
import typer

from registry.cli import COMMANDS
from registry.cli.mistakes import reason
from registry.cli.program import program
from tests.cli.conftest import Run, run

__all__ = ["run"]

ENGLISH = re.compile(
    r"\b(the|is|not|missing|invalid|value|should|error|try|for|help|no|such|must|valid|usage:"
    r"|does|requires|takes|unexpected|directory|file|failed|refused|connect)\b",
    re.IGNORECASE,
)
ENDLESS = {"serve", "migrate", "work"}
"""Commands that would do their work if one of the values were right."""
WRONG = ["x", "-1", "99999999", "2024-13-45", ""]


def misuses() -> list[list[str]]:
    """Each option of each command with values that it can't take, or with none."""
    found = [["nothing"], ["--nothing"], ["serv"]]
    for name, command in typer.main.get_group(program).commands.items():
        found += [[name, "--nothing"], [name, "a", "b", "c", "d"]]
        for parameter in command.params:
            option = next((name for name in parameter.opts if name.startswith("--")), None)
            if option is None or getattr(parameter, "is_flag", False):
                continue  # A flag is no misuse: the command would run.
            found.append([name, option])
            if "file" not in option and name not in ENDLESS:
                found += [[name, option, wrong] for wrong in WRONG]
    return found


def test_a_misuse_is_told_in_french(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    from importlib import import_module

    for module in COMMANDS.values():
        import_module(f"registry.cli.{module}")
    faults = []
    for words in misuses():
        done = run(*words)
        if done.code == 2:
            said = re.sub(r"(Usage : .*|Aide : .*|--[a-z-]+)", "", done.err)
            faults += [f"{words}: {said}"] if ENGLISH.search(said) else []
    assert faults == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "connexion est refusée"),
        (socket.gaierror(-2, "Name or service not known"), "hôte est inconnu"),
        (TimeoutError(), "délai dépassé"),
        (OSError("Multiple exceptions: [Errno 111]"), "connexion impossible"),
        (FileNotFoundError(2, "No such file or directory", "lot"), "« lot » ne peut pas"),
        (asyncpg.InvalidPasswordError("password authentication failed"), "mot de passe"),
        (asyncpg.InvalidCatalogNameError('database "x" does not exist'), "n’existe pas"),
        (asyncpg.InsufficientPrivilegeError("permission denied"), "n’en a pas le droit"),
        (asyncpg.DivisionByZeroError("division by zero"), "code 22012"),
        (asyncpg.InterfaceError("connection is closed"), "La base de données refuse"),
    ],
)
def test_what_the_system_or_the_driver_says_is_told_in_french(error: Exception, said: str) -> None:
    told = reason(error) or ""
    assert said in told
    assert not ENGLISH.search(told)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8"])
def test_a_terminal_has_what_its_alphabet_can_write(encoding: str) -> None:
    asked = [sys.executable, "-m", "registry", "serve", "--help"]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    shown = subprocess.run(asked, capture_output=True, env=environment)
    assert (shown.returncode, shown.stderr) == (0, b"")
    text = shown.stdout.decode(encoding)
    assert "d'écoute" in text or "d’écoute" in text or "d'ecoute" in text
    assert "?" not in text
