"""One concept is one word, and the word is the file name on every floor."""

import re
from pathlib import Path

import pytest

from tests.test_house.reading import DOORS, ROOT, none_of, python

NOUNS = {
    path.stem: f"{path.stem}s"
    for path in (ROOT / "models").glob("*.py")
    if path.stem not in {"__init__", "base", "ledger"}
} | {
    "grant_claim": "grants",
    "evidence": "evidence",
    "coverage": "coverage",
    "readiness": "readiness",
}
"""What is stored, and the name of the file of what is done with it, on every floor."""


@pytest.mark.parametrize("floor", ["domain", "exchange", "auth", "api", "web", "cli"])
def test_a_noun_is_one_word_on_every_floor(floor: str) -> None:
    modules = [path for path in python(f"registry/{floor}") if path.stem != "__init__"]
    packages = {path.parent for path in modules} - {Path("registry", floor)}
    faults = []
    for path in [*modules, *packages]:
        for singular, plural in NOUNS.items():
            spoken = re.match(rf"({singular}s?|{plural})(_|$)", path.stem)
            if spoken and path.stem != plural:
                faults.append(f"{path}: call it {plural}, as on the other floors")
    faults += [
        f"{path}: tell the domain's part in registry/domain/{path.stem}.py"
        for path in modules
        if f"registry/{floor}" in DOORS and path.stem in NOUNS.values() and not in_domain(path.stem)
    ]
    none_of(faults, "The same noun has the same file name on each floor where it exists.")


def in_domain(noun: str) -> bool:
    room = ROOT / "registry" / "domain"
    return any(room.rglob(f"{noun}.py")) or (room / noun).is_dir()


def test_models_are_named_in_the_singular() -> None:
    plurals = {plural for singular, plural in NOUNS.items() if plural != singular}
    found = plurals & {path.stem for path in (ROOT / "models").glob("*.py")}
    none_of(sorted(f"models/{stem}.py" for stem in found), "models/ holds the thing: singular.")
