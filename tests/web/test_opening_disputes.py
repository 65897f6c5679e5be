"""A town reports a surcharge, or contests a status, from its own page."""

import pytest

from tests.api.conftest import Written
from tests.api.sides import EBENE, READY, town
from tests.pictures import png
from tests.web.browsing import Browser
from tests.web.conftest import Open
from tests.web.test_spaces.conftest import CONNECTED, asked, surcharge

FAMILLE = f"{EBENE}/famille"
SURCHARGE, CONTEST = f"/collectivites/{READY}/surcout", f"/collectivites/{READY}/contester"


@pytest.fixture
async def eloise(world: None, browsers: Open) -> Browser:
    return await browsers(town(READY))


async def test_the_software_is_chosen_among_those_in_use(eloise: Browser) -> None:
    page = await eloise.open(SURCHARGE)
    assert "De quel logiciel s’agit-il ?" in page.text
    form = (await eloise.follow(page, "Portail Familles")).form("/surcout")
    assert ("logiciel", FAMILLE) in form.values
    assert (await eloise.open(SURCHARGE, logiciel="123/rien")).status == 404


async def test_a_surcharge_is_reported_once_with_its_quote(
    eloise: Browser, public: Browser, written: Written
) -> None:
    # The quote is kept at an address of this site, which has to be one that the web knows.
    eloise.client.base_url = "http://127.0.0.1"
    form = (await eloise.open(SURCHARGE, logiciel=FAMILLE)).form("/surcout")
    said = {
        "statement": "Un devis demande 1 200,50 € pour FranceConnect.",
        "amountCents": "1 200,50 euros",
        "surchargeKind": "ONE_OFF_FEES",
    }
    quote = {"evidenceFile": ("devis.png", png(), "image/png")}
    done = await eloise.send(form, quote, **said)
    assert "Votre signalement est envoyé." in done.text
    assert "État : Ouverte" in done.text
    assert "C’est au ministère de l’examiner." in done.text
    assert "1 200,50 €" in done.text
    assert "une fois retirée, elle ne se rouvre pas" in done.text
    assert ("move", "WITHDRAW") in done.form(done.path, "Retirer la contestation").values
    own = await eloise.open(f"/collectivites/{READY}")
    assert "1 contestation est en cours." in own.text
    assert own.link("Suivre votre contestation") == done.path
    await eloise.send(form, quote, **said)
    assert [entry[:2] for entry in await written()] == [
        ("give", "evidence"),
        ("open", "dispute"),
        ("open", "dispute_transition"),
        ("open", "commitment"),
    ]
    page = await public.open(f"/collectivites/{READY}")
    assert "signé, manquement signalé" in page.text
    assert "surcoût signalé dit par" in page.text
    assert "Suivre votre contestation" not in page.text
    assert "devis" not in page.text


async def test_a_town_signs_no_accusation_of_another(eloise: Browser, public: Browser) -> None:
    opened = await asked(eloise, "OpenDispute", **surcharge())
    other = f"/collectivites/{CONNECTED}"
    page = await public.open(other)
    assert (
        "signé, manquement signalé , sauf module de paiement. surcoût signalé dit par"
        " une collectivité, le"
    ) in page.text
    letter = await public.open(f"{other}/courrier", logiciel=FAMILLE)
    assert (
        "signé, manquement signalé, sauf module de paiement (dit par une collectivité le"
        in letter.text
    )
    await asked(eloise, "WithdrawDispute", dispute=opened["id"])
    history = (await public.open(f"/editeurs/{FAMILLE}")).text
    assert history.count("déclaré par une collectivité ;") == 2
    assert "déclaré par la collectivité" not in history


async def test_what_was_typed_is_kept(eloise: Browser, written: Written) -> None:
    form = (await eloise.open(SURCHARGE, logiciel=FAMILLE)).form("/surcout")
    wrong = await eloise.send(form, statement="Trop cher.", amountCents="beaucoup")
    assert "Un montant en euros est attendu" in wrong.text
    kept = wrong.form("/surcout")
    assert ("statement", "Trop cher.") in kept.values
    assert ("amountCents", "beaucoup") in kept.values
    assert await written() == []


async def test_a_status_is_contested(eloise: Browser, written: Written) -> None:
    page = await eloise.open(CONTEST, logiciel=FAMILLE)
    assert "FranceConnect v2 : qualifiée (étayé" in page.text
    form = page.form("/contester")
    missing = await eloise.send(form, statement="Le bouton n’apparaît pas.")
    assert "Ce champ est à remplir." in missing.text
    done = await eloise.send(missing.form("/contester"), service="FRANCECONNECT_V2")
    assert "Votre contestation est envoyée." in done.text
    assert ("open", "dispute") in [entry[:2] for entry in await written()]
    again = await eloise.send(
        (await eloise.open(CONTEST, logiciel=FAMILLE)).form("/contester"),
        service="FRANCECONNECT_V2",
        statement="Encore.",
    )
    assert "Une contestation de même objet est déjà ouverte" in again.text


async def test_strangers_open_nothing(
    eloise: Browser, neighbour: Browser, public: Browser, written: Written
) -> None:
    form = (await eloise.open(SURCHARGE, logiciel=FAMILLE)).form("/surcout")
    assert (await neighbour.open(SURCHARGE)).status == 403
    assert (await neighbour.send(form, statement="Un surcoût.")).status == 403
    for sent in (await public.open(SURCHARGE), await public.send(form, statement="Un surcoût.")):
        assert sent.path.startswith("/connexion?retour=")
    assert await written() == []
