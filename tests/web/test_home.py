"""The first page, and the search that everyone begins with."""

import pytest

from tests.api.sides import AUBEPINE, EBENE, TOWN, town
from tests.factories import establishment, siren
from tests.web.browsing import Browser, Page


async def test_home_says_the_figure_and_where_to_go(public: Browser) -> None:
    page = await public.open("/")
    assert "1 collectivité propose FranceConnect à ses habitants, sur 5 000 visées" in page.text
    assert page.link("Trouver ma collectivité") == "/collectivites"
    assert page.link("Ouvrir mon espace") == "/espace"
    assert page.link("Suivre le déploiement") == "/deploiement"
    assert "q" in page.form("/recherche")


async def test_a_secretary_finds_their_own_page_at_once(
    secretary: Browser, vendor: Browser
) -> None:
    assert (await secretary.open("/")).link("Le Bois") == f"/collectivites/{TOWN}"
    assert "Votre page" not in (await vendor.open("/")).text


async def test_search_tells_kinds_and_places_apart(public: Browser) -> None:
    home = await public.open("/")
    page = await public.send(home.form("/recherche"), q="saint étienne")
    assert "2 résultats" in page.text
    assert "Saint-Étienne-du-Bois commune, Ain (01), 5 000 habitants raccordée" in page.text
    assert page.link("Saint-Étienne-sur") == "/collectivites/01004"


async def test_search_finds_software_and_vendors(public: Browser) -> None:
    page = await public.open("/recherche", q="ébène")
    assert page.link("Ébène Logiciels") == f"/editeurs/{EBENE}"
    assert page.link("Ébène Interne") == f"/editeurs/{EBENE}/interne"
    ready = await public.open("/recherche", q="guichet")
    assert "Guichet Été logiciel d’Aubépine avec surcoût" in ready.text
    assert ready.link("Guichet") == f"/editeurs/{AUBEPINE}/guichet"


async def test_silence_is_not_shown_as_blocking(public: Browser) -> None:
    software = await public.open("/recherche", q="mairie")
    body = await public.open("/recherche", q="belley")
    assert "n’a rien déclaré à ce jour" in software.text
    assert "son éditeur n’a rien déclaré à ce jour" in body.text
    assert "bloquée" not in software.text + body.text


@pytest.mark.parametrize("code", ["01099", establishment(town("01001")), siren(21009999)])
async def test_any_code_finds_its_collectivite(public: Browser, code: str) -> None:
    assert (await public.open("/recherche", q=code)).link("du-Bois") == "/collectivites/01001"


async def test_results_alone_are_answered_as_one_types(public: Browser) -> None:
    reply = await public.client.get("/recherche?q=belley", headers={"HX-Request": "true"})
    assert "<html" not in reply.text
    assert 'hx-swap-oob="innerHTML">1\u00a0résultat<' in reply.text
    assert Page(reply).link("Belley") == "/collectivites/01005"


async def test_nothing_found_says_what_to_try(public: Browser) -> None:
    page = await public.open("/recherche", q="zzzz")
    assert "Aucun résultat" in page.text
    assert "Rien ne correspond à « zzzz »." in page.text
    assert page.link("les logiciels") == "/logiciels"
    assert "au moins deux lettres" in (await public.open("/recherche", q="z")).text
