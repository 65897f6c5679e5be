"""The letter to a vendor fits the case, and says what the registry knows."""

import pytest

from tests.api.sides import EBENE, NEIGHBOUR, READY, TOWN
from tests.web.browsing import Browser


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (READY, "Nous vous demandons d’activer FranceConnect pour notre collectivité"),
        ("01003", "Si des frais vous paraissent nécessaires"),
        ("01004", "FranceConnect y est prêt, mais nous n’en connaissons pas le prix."),
        (NEIGHBOUR, "vous n’avez rien déclaré à ce jour au sujet de FranceConnect"),
    ],
)
async def test_a_letter_fits_the_case(public: Browser, code: str, wanted: str) -> None:
    page = await public.follow(
        await public.open(f"/collectivites/{code}"), "Préparer le courrier à l’éditeur"
    )
    assert wanted in page.text
    assert "sans surcoût par rapport au même logiciel sans FranceConnect" in page.text


async def test_a_letter_is_filled_from_the_registry(public: Browser) -> None:
    page = await public.open(f"/collectivites/{READY}/courrier")
    assert "Notre collectivité, Éloise (Ain), utilise votre logiciel Portail Familles" in page.text
    assert "pour : périscolaire." in page.text
    assert "– FranceConnect v2 : qualifiée, à partir de la version 4.2" in page.text
    assert f"http://registry/editeurs/{EBENE}/famille" in page.text
    assert 'data-copy="courrier"' in page.reply.text


async def test_there_is_no_letter_where_there_is_nothing_to_ask(public: Browser) -> None:
    page = await public.open(f"/collectivites/{TOWN}/courrier")
    assert page.status == 404
    assert "Aucun courrier n’est utile." in page.text
    other = await public.open(f"/collectivites/{READY}/courrier", logiciel=f"{EBENE}/interne")
    assert other.status == 404
