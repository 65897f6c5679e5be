"""Where a file may stand, how long it is, and what none may say."""

import re
import tomllib

import pytest

from tests.test_house.reading import MIGRATIONS, ROOT, calls, files, lines, none_of, python

LONGEST_FILE = 400

SERVERS = (
    ("pypi", "org"),
    ("python" + "hosted", "org"),
    ("npmjs", "com"),
    ("npmjs", "org"),
    ("yarnpkg", "com"),
    ("unpkg", "com"),
    ("jsdelivr", "net"),
)
"""In pieces, as in all that follows of the sort: this file obeys its own rules."""


def test_the_rules_see_the_files() -> None:
    seen = {path.as_posix() for path in files()}
    assert {"pyproject.toml", "registry/database.py", "models/vendor.py"} <= seen
    assert "registry/database.py" in {
        call.place.split(":")[0] for call in calls(python("registry"))
    }
    assert not any(path.startswith((".git/", ".venv/")) for path in seen)


def test_graphql_is_data() -> None:
    faults = [path for path in files() if path.parts[0] == "graphql" and path.suffix == ".py"]
    none_of(faults, "A Python file in graphql/ would hide the library of that name: move it.")


def test_the_wheel_holds_the_program_alone() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert wheel["targets"]["wheel"]["packages"] == ["registry", "models"], (
        "pyproject.toml: the wheel's packages are registry and models; graphql/ would hide the"
        " library of that name, and tests/ anyone's tests."
    )


def test_a_file_is_short() -> None:
    long = {
        path: (ROOT / path).read_bytes().count(b"\n")
        for path in python("registry", "models", "tests", "fixtures", but=(MIGRATIONS,))
    }
    faults = [f"{path}: {size} lines" for path, size in long.items() if size >= LONGEST_FILE]
    none_of(faults, f"From {LONGEST_FILE} lines a file becomes a package of the same name.")


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    faults = [f"{place}: {line.strip()[:80]}" for place, line in lines() if marks.search(line)]
    none_of(faults, "Do it now, or write an issue: no mark stays in a file.")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_pins_have_hashes_and_no_address(name: str) -> None:
    written = (ROOT / name).read_text()
    text = re.sub(r"(?m)^\s*#.*\n|\s+#.*$", "", written)
    pins = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    pin = re.compile(
        r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+(\s*;[^@]*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*"
    )
    faults = [f"{name}: {line[:80]}" for line in pins if not pin.fullmatch(line)]
    faults += [f"{name}: {line}" for line in written.splitlines() if re.search("://|--index", line)]
    assert pins, f"{name} holds no pin"
    none_of(faults, "Lock it again: name==version and its hashes, no address, no option.")


def test_no_file_names_a_package_server() -> None:
    hosts = re.compile("|".join(re.escape(".".join(parts)) for parts in SERVERS))
    faults = [f"{place}: {line.strip()[:80]}" for place, line in lines() if hosts.search(line)]
    none_of(faults, "Name the package, not the server: everyone has their own mirror.")


def test_no_file_names_a_developers_machine() -> None:
    paths = re.compile(r"(?<![\w.~*])/(" + "|".join(("home", "Users", "root")) + r")/\w")
    faults = [f"{place}: {line.strip()[:80]}" for place, line in lines() if paths.search(line)]
    none_of(faults, "Write the path from the root of the project.")
