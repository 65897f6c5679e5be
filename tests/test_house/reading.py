"""The project's files, as a rule looks at them."""

import ast
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
IGNORED = {".git", *(line.strip("/") for line in (ROOT / ".gitignore").read_text().split())}
DOORS = ("registry/api", "registry/web", "registry/cli")
MIGRATIONS = "models/migrations/versions/"


class Call(NamedTuple):
    place: str
    function: str
    keywords: frozenset[str | None]


def files() -> Iterator[Path]:
    """All but what git ignores, by their paths from the root."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not is_ignored(name)]
        yield from (Path(folder, n).relative_to(ROOT) for n in names if not is_ignored(n))


def is_ignored(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in IGNORED)


def python(*rooms: str, but: Sequence[str] = ()) -> Iterator[Path]:
    for path in files():
        inside = any(path.is_relative_to(room) for room in rooms)
        if path.suffix == ".py" and inside and not path.as_posix().startswith(tuple(but)):
            yield path


def nodes(paths: Iterable[Path]) -> Iterator[tuple[str, ast.AST]]:
    for path in paths:
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            yield f"{path}:{getattr(node, 'lineno', 0)}", node


def calls(paths: Iterable[Path]) -> Iterator[Call]:
    for place, node in nodes(paths):
        if isinstance(node, ast.Call):
            keywords = frozenset(keyword.arg for keyword in node.keywords)
            yield Call(place, ast.unparse(node.func), keywords)


def imported(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Each place, and the full name of what it imports."""
    for place, node in nodes(paths):
        if isinstance(node, ast.Import):
            yield from ((place, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((place, f"{node.module}.{name.name}") for name in node.names)


def lines() -> Iterator[tuple[str, str]]:
    """Every line of every text file, with its place."""
    for path in files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content[:8000]:
            for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
                yield f"{path}:{number}", line


def none_of(faults: Iterable[object], way_out: str) -> None:
    found = [str(fault) for fault in faults]
    assert not found, "\n  ".join([way_out, *found])
