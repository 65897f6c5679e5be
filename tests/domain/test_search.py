import unicodedata
from types import SimpleNamespace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain import search
from registry.domain.search import fold
from tests.effort import examples


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("Villeneuve-d’Ascq", "villeneuve d ascq"),
        ("ŒUVRE Cœur", "oeuvre coeur"),
        ("  Saint-Étienne\u00a0", "saint etienne"),
        ("e\u0301te\u0301", "ete"),
        ("日本", ""),
    ],
)
def test_accents_case_and_apostrophes_do_not_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(max_examples=examples(300), deadline=None)
@given(st.text(max_size=40))
def test_letter_by_letter_is_as_the_whole_text(text: str) -> None:
    whole = unicodedata.normalize("NFKD", text.casefold().translate(search.LIGATURES))
    bare = "".join(letter for letter in whole if not unicodedata.combining(letter))
    assert fold(text) == search.SEPARATORS.sub(" ", bare).strip()


def test_a_run_of_accents_is_never_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unicode's normal form of n accents takes n² steps: 50,000 held the process for 11 s."""
    longest = 0

    def normalize(form: Literal["NFKD"], text: str) -> str:
        nonlocal longest
        longest = max(longest, len(text))
        return unicodedata.normalize(form, text)

    monkeypatch.setattr(
        search, "unicodedata", SimpleNamespace(normalize=normalize, combining=unicodedata.combining)
    )
    assert fold("é" + "\u0300\u0316" * 1000) == "e"
    assert longest == 1
