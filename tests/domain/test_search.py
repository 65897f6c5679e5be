import pytest

from registry.domain.search import fold, prefix_query


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


def test_every_word_is_a_prefix() -> None:
    assert prefix_query("Saint-Ét") == "saint:* & et:*"
    assert prefix_query("’ -") is None


def test_a_saint_may_be_shortened() -> None:
    assert prefix_query("St-Denis") == "(st:* | saint:*) & denis:*"
    assert prefix_query("Ste Foy") == "(ste:* | sainte:*) & foy:*"


def test_digits_alone_are_one_number() -> None:
    assert prefix_query("000 074\u202f252") == "000074252:*"
    assert prefix_query("75 rue") == "75:* & rue:*"
