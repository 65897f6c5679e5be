"""What a room may touch."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from tests.test_house.reading import (
    DOORS,
    MIGRATIONS,
    ROOT,
    calls,
    imported,
    nodes,
    none_of,
    python,
)


def test_doors_ask_the_domain() -> None:
    query = re.compile(r"(.+\.)?select|(sa|sqlalchemy)\.(text|insert|update|delete)")
    session = re.compile(r"(.+\.)?session\.(add|add_all|delete|merge|execute|exec|scalars?|stream)")
    words = {"select", "text", "insert", "update", "delete"}
    faults = [
        f"{call.place}: {call.function}()"
        for call in calls(python(*DOORS))
        if query.fullmatch(call.function) or session.fullmatch(call.function)
    ]
    faults += [
        f"{place}: import of {name}"
        for place, name in imported(python(*DOORS))
        if name.split(".")[0] in {"sqlalchemy", "sqlmodel"} and name.split(".")[-1] in words
    ]
    none_of(faults, "A door neither queries nor writes: call one function of registry/domain.")


def test_one_place_begins_and_commits() -> None:
    opens = re.compile(
        r".+\.(commit|rollback|begin|begin_nested)"
        r"|(.+\.)?(AsyncSession|Session|async_sessionmaker|sessionmaker|create_(async_)?engine)"
    )
    faults = [
        f"{call.place}: {call.function}()"
        for call in calls(python("registry", "models", but=("registry/database.py", MIGRATIONS)))
        if opens.fullmatch(call.function) and call.place.split(":")[0] != "models/migrations/env.py"
    ]
    none_of(
        faults,
        "Only registry/database.py opens a session, begins, commits or rolls back: below a door,"
        " take the session that was given; at a door, use transaction() or read().",
    )


def test_settings_alone_read_the_environment() -> None:
    elsewhere = list(python("registry", "models", but=("registry/settings.py",)))
    faults = [
        place
        for place, node in nodes(elsewhere)
        if isinstance(node, ast.Attribute) and re.match(r"environb?$|getenvb?$", node.attr)
    ]
    faults += [p for p, name in imported(elsewhere) if re.match(r"os\.(environ|getenv)", name)]
    faults += [call.place for call in calls(elsewhere) if "envvar" in call.keywords]
    none_of(faults, "Only registry/settings.py reads the environment: add a setting there.")


def test_the_terminal_door_alone_prints() -> None:
    faults = [
        call.place
        for call in calls(python("registry", "models", but=("registry/cli/",)))
        if call.function == "print"
    ]
    none_of(faults, "Only registry/cli prints: return the value, or log the event.")


def test_errors_are_caught_by_name() -> None:
    broad = {"Exception", "BaseException"}
    faults = [
        place
        for place, node in nodes(python("registry", "models", "tests", "fixtures"))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or broad & set(re.split(r"\W+", ast.unparse(node.type))))
    ]
    faults += [
        place
        for place, node in nodes(python("registry", "models", "tests", "fixtures"))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("suppress")
        and broad & set(re.split(r"\W+", " ".join(ast.unparse(a) for a in node.args)))
    ]
    none_of(faults, "A broad except hides faults: name the error that is expected.")


def test_models_stand_alone() -> None:
    faults = [
        f"{place}: {name}"
        for place, name in imported(python("models"))
        if name.split(".")[0] in {"registry", "tests", "fixtures"}
    ]
    none_of(faults, "models/ imports nothing of ours: move what needs it to registry/domain.")


def test_imports_keep_to_their_floors() -> None:
    """In a process of its own: import-linter silences the loggers of the one it runs in."""
    program = Path(sys.executable).parent / "lint-imports"
    linted = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert linted.returncode == 0, f"{linted.stdout}\nMove the import of the broken contract."
