import pytest

from registry.domain.words import of


@pytest.mark.parametrize(
    "said",
    [
        "d’Adoluze",
        "d’Éloise",
        "d’API Particulier",
        "d’Œuilly",
        "d’Yvré",
        "de Yerres",
        "de Davringal",
        "de Haguenau",
        "de l’Isle",
    ],
)
def test_a_name_is_elided_before_a_vowel_and_never_before_an_h(said: str) -> None:
    assert of(said.removeprefix("d’").removeprefix("de ")) == said


def test_an_article_is_contracted() -> None:
    assert [of("Le Havre"), of("Les Abymes")] == ["du Havre", "des Abymes"]
