"""The terminal's door: ``raccord``."""

import io
import sys
from importlib import import_module
from typing import Any, cast

import typer

from registry.cli.french import in_french
from registry.cli.loading import loading
from registry.cli.output import complain, degrade

__all__ = ["main"]

COMMANDS = {
    "ministry": "allowed_sirets",
    "blockers": "blockers",
    "collectivite": "collectivites",
    "coverage": "coverage",
    "simulate": "simulation",
    "plan": "plan",
    "trend": "trend",
    "forecast": "forecast",
    "changes": "changes",
    "import": "exchanges",
    "export": "exchanges",
    "privacy": "privacy",
    "serve": "service",
    "migrate": "service",
    "token": "tokens",
    "verify": "verification",
    "work": "work",
}
"""Each command, and the module of this room that declares it."""


def main() -> None:
    """Exit 0 done, 1 refused with the reason, 2 wrong usage; a traceback is a bug."""
    degrade()
    with loading():
        from registry.cli.mistakes import MISTAKES, reason
        from registry.cli.program import program

        _declare(sys.argv[1:2])
    try:
        code = program(prog_name="raccord", standalone_mode=False)
    except typer.TyperException as mistake:
        complain(_usage(mistake))
        code = mistake.exit_code
    except typer.Abort:
        complain("Abandonné.")
        code = 1
    except MISTAKES as error:
        told = reason(error)
        if told is None:
            raise
        complain(told)
        code = 1
    sys.exit(code)


def _declare(asked: list[str]) -> None:
    """The command that is asked for alone, or all of them: none waits for another to be loaded."""
    modules = [COMMANDS[name] for name in asked if name in COMMANDS]
    for module in modules or COMMANDS.values():
        import_module(f"registry.cli.{module}")


def _usage(mistake: typer.TyperException) -> str:
    said = io.StringIO()
    cast("Any", mistake).show(said)
    return in_french(said.getvalue().rstrip())
