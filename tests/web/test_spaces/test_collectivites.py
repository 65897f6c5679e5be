"""The space of a collectivité: what it reads there, and what it does."""

import pytest

from registry.domain.clock import today
from tests.api.conftest import Written
from tests.web.browsing import Browser
from tests.web.test_spaces.conftest import BOIS, CONNECTED, ELOISE, asked, surcharge


async def test_it_says_where_one_stands_and_what_to_do(eloise: Browser) -> None:
    page = await eloise.open(f"/espace/collectivites/{ELOISE}")
    assert "Aujourd’hui : prête" in page.text
    assert "La prochaine étape" in page.text
    assert "Confirmer ou corriger les usages déclarés par l’autre partie (2)." in page.text
    assert "Portail Familles" in page.text


async def test_its_uses_are_told_as_on_its_page(connected: Browser) -> None:
    """It is in service since 2025, and nobody said it again."""
    for address in (f"/espace/collectivites/{CONNECTED}", f"/collectivites/{CONNECTED}"):
        page = await connected.open(address)
        said = "FranceConnect v2 : en service , dit par la collectivité, le 1er juin 2025"
        assert f"{said} à confirmer" in page.text
        assert "confirmé par la collectivité" in page.text


async def test_it_is_nobody_else_s(
    neighbour: Browser, vendor: Browser, analyst: Browser, public: Browser
) -> None:
    for path in ("", "/contestations", "/subventions", "/delegues"):
        for browser in (neighbour, vendor, analyst):
            page = await browser.open(f"/espace/collectivites/{ELOISE}{path}")
            assert page.status == 403
            assert "pour laquelle vous n’agissez pas" in page.text
        assert (await public.open(f"/espace/collectivites/{ELOISE}{path}")).path.startswith(
            "/connexion?retour="
        )


async def test_a_code_that_vanished_goes_on_to_its_successor(connected: Browser) -> None:
    page = await connected.open("/espace/collectivites/01099/subventions")
    assert (page.status, page.path) == (200, f"/espace/collectivites/{CONNECTED}/subventions")


async def test_a_step_of_an_activation(eloise: Browser, written: Written) -> None:
    page = await eloise.open(f"/espace/collectivites/{ELOISE}")
    page = await eloise.follow(page, "Noter une étape du raccordement de Portail Familles")
    page = await eloise.follow(page, "Noter la suite pour FranceConnect v2")
    assert "prévu" in page.text.lower()
    assert "habilitation accordée" not in page.text.lower()
    form = page.form(page.path.split("?")[0])
    missing = await eloise.send(form, reason="Délibération du 3 mars")
    assert "Ce champ est à remplir." in missing.text
    assert "Délibération du 3 mars" in missing.text
    done = await eloise.send(form, state="PLANNED", reason="Délibération du 3 mars")
    assert done.path == f"/espace/collectivites/{ELOISE}"
    assert "L’étape est enregistrée : FranceConnect v2." in done.text
    assert "FranceConnect v2 : prévu , dit par la collectivité, le" in done.text
    await eloise.send(form, state="PLANNED", reason="Délibération du 3 mars")
    assert [entry[:2] for entry in await written()] == [("create", "activation")]


async def test_a_step_is_recorded_by_the_parties_alone(
    eloise: Browser, neighbour: Browser, competitor: Browser
) -> None:
    page = await eloise.open(f"/espace/collectivites/{ELOISE}")
    path = page.link("Noter une étape du raccordement de Portail Familles")
    for browser in (neighbour, competitor):
        assert (await browser.open(path)).status == 403
    assert (await eloise.open("/espace/raccordements/99999999999999999999999")).status == 404
    for known in ("999999999999999999", "99999999999999999999"):
        assert (await eloise.open(f"/collectivites/{ELOISE}/usages/{known}")).status == 404


async def test_a_dispute_is_followed_and_withdrawn(
    eloise: Browser, neighbour: Browser, written: Written
) -> None:
    await asked(eloise, "OpenDispute", **surcharge())
    page = await eloise.open(f"/espace/collectivites/{ELOISE}/contestations")
    rows = (await eloise.client.get(f"{page.path}.csv")).text.splitlines()
    assert rows[1].split(",")[1:5] == ["famille", "SURCHARGE", "", "OPEN"]
    page = await eloise.follow(page, "Portail Familles")
    assert "1 500 €" in page.text
    assert (await neighbour.open(page.path)).status == 403
    form = page.form(page.path)
    done = await eloise.send(form, reason="L’éditeur a retiré son devis.")
    assert "La contestation est retirée." in done.text
    assert "État : Retirée , depuis le" in done.text
    before = await written()
    await eloise.send(form, reason="L’éditeur a retiré son devis.")
    assert await written() == before
    assert ("withdraw", "dispute_transition") in [entry[:2] for entry in before]


@pytest.mark.parametrize(("button", "state"), [("oui", "déposée"), ("non", "brouillon")])
async def test_a_grant_is_claimed(connected: Browser, button: str, state: str) -> None:
    page = await connected.open(f"/espace/collectivites/{CONNECTED}/subventions")
    assert "5 000 €" in page.text
    assert "une demande peut être acceptée" in page.text
    form = page.form("/subventions")
    wrong = await connected.send(form, submit=button, evidenceUrl="ftp://x", reason="RIB joint")
    assert "Rien n’a été enregistré" in wrong.text
    assert "RIB joint" in wrong.text
    page = await connected.send(form, submit=button, reason="RIB joint")
    assert f"{state.capitalize()} depuis le" in page.text
    path = f"/espace/collectivites/{CONNECTED}/subventions.json"
    [told] = (await connected.client.get(path)).json()
    assert (told["amount_cents"], told["filed_on"]) == (500_000, str(today()))
    choices = await connected.send(page.form(page.path), state="CANCELLED")
    assert "La demande est annulée." in choices.text


async def test_what_it_named_waits_in_sight(secretary: Browser) -> None:
    await asked(
        secretary,
        "NameSoftware",
        collectivite=BOIS,
        name="Portail du Bois",
        demarches=["PERISCOLAIRE"],
    )
    page = await secretary.open(f"/espace/collectivites/{BOIS}")
    assert "Portail du Bois" in page.text
