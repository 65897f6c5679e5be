"""Declarations, commitments, vendors, named software and the allow-list, by the ministry."""

import pytest

from tests.api.conftest import MINISTRY, Written
from tests.api.sides import AUBEPINE, EBENE
from tests.factories import establishment, siren
from tests.web.browsing import Browser, Page
from tests.web.test_spaces.conftest import BOIS, asked

SILENT = siren(99990003)


async def waiting(analyst: Browser, kind: str, words: str) -> Page:
    page = await analyst.open("/espace/ministere/file", sorte=kind)
    return await analyst.follow(page, words)


async def test_a_declaration_is_verified(analyst: Browser, written: Written) -> None:
    page = await waiting(analyst, "INTEGRATION_TO_VERIFY", "FranceConnect v2 pour Portail Familles")
    form = page.form(page.path)
    done = await analyst.send(form, decision="VERIFY", reason="Essayé ce matin.")
    assert "La déclaration est vérifiée." in done.text
    assert done.path == "/espace/ministere/file?sorte=INTEGRATION_TO_VERIFY"
    assert "FranceConnect v2 pour Portail Familles" not in done.text
    await analyst.send(form, decision="VERIFY", reason="Essayé ce matin.")
    assert [entry[:2] for entry in await written()] == [("verify", "integration")]


async def test_a_declaration_is_sent_back_or_suspended_with_a_reason(
    analyst: Browser, written: Written
) -> None:
    page = await waiting(analyst, "INTEGRATION_TO_VERIFY", "FranceConnect v2 pour Portail Familles")
    for decision in ("SEND_BACK", "SUSPEND"):
        silent = await analyst.send(page.form(page.path), decision=decision)
        assert "Un motif est attendu : l’éditeur le lira." in silent.text
    done = await analyst.send(page.form(page.path), decision="SUSPEND", reason="Bouton absent.")
    assert "L’intégration est suspendue." in done.text
    assert [entry[:2] for entry in await written()] == [("suspend", "integration")]
    old = await analyst.open(page.path)
    assert "Cette étape n’est plus la dernière." in old.text


async def test_who_said_nothing_is_invited(analyst: Browser, written: Written) -> None:
    page = await analyst.open("/espace/ministere/editeurs", engagement="NONE")
    page = await analyst.follow(page, "Éditions du Silence")
    assert "Cet éditeur n’a rien déclaré à ce jour." in page.text
    done = await analyst.send(page.form(page.path), reason="La charte vous attend.")
    assert "L’éditeur est invité à s’engager." in done.text
    assert "invité à s’engager" in done.text
    assert [entry[:2] for entry in await written()] == [("invite", "commitment")]
    queue = await analyst.open("/espace/ministere/file", sorte="INVITATION_UNANSWERED")
    assert (await analyst.follow(queue, "Éditions du Silence")).path == page.path


async def test_a_vendor_is_added_and_merged(analyst: Browser, written: Written) -> None:
    new = siren(99990009)
    form = (await analyst.open("/espace/ministere/editeurs/nouveau")).form("/nouveau")
    wrong = await analyst.send(form, siren=EBENE, name="Double")
    assert "désigne déjà Ébène Logiciels" in wrong.text
    page = await analyst.send(form, siren=new, name="Frêne")
    assert page.path == f"/espace/ministere/editeurs/{new}"
    page = await analyst.follow(page, "Réunir cette fiche")
    done = await analyst.send(page.form("/reunion"), targetSiren=AUBEPINE)
    assert "Les deux fiches n’en font plus qu’une." in done.text
    assert [entry[:2] for entry in await written()] == [("create", "vendor"), ("merge", "vendor")]


async def test_a_product_changes_hands(analyst: Browser, written: Written) -> None:
    page = await analyst.open(f"/espace/ministere/editeurs/{EBENE}")
    page = await analyst.follow(page, "Portail Familles")
    page = await analyst.follow(page, "Le transférer")
    wrong = await analyst.send(page.form("/transfert"), newVendorSiren=EBENE)
    assert "Un autre éditeur du registre est attendu." in wrong.text
    done = await analyst.send(wrong.form("/transfert"), newVendorSiren=AUBEPINE)
    assert "Portail Familles a changé d’éditeur." in done.text
    assert ("transfer", "product") in [entry[:2] for entry in await written()]


async def test_a_product_takes_another_key(analyst: Browser, written: Written) -> None:
    page = await analyst.open(f"/espace/ministere/editeurs/{EBENE}")
    page = await analyst.follow(page, "Portail Familles")
    page = await analyst.follow(page, "Changer son identifiant")
    wrong = await analyst.send(page.form("/identifiant"), slug="Portail Familles")
    assert "« Portail Familles » n’est pas un identifiant de logiciel" in wrong.text
    assert ("slug", "Portail Familles") in wrong.form("/identifiant").values
    form = wrong.form("/identifiant")
    done = await analyst.send(form, slug="portail-familles")
    await analyst.send(form, slug="portail-familles")
    assert "Portail Familles a un nouvel identifiant." in done.text
    entries = [entry[:2] for entry in await written()]
    assert entries == [("rename", "product"), ("create", "product_former_key")]
    moved = await analyst.open(f"/editeurs/{EBENE}/famille")
    assert moved.path == f"/editeurs/{EBENE}/portail-familles"


@pytest.fixture
async def named(secretary: Browser) -> None:
    given = {"name": "Portail", "demarches": ["PERISCOLAIRE"], "vendorName": "Ébène"}
    answer = await asked(secretary, "NameSoftware", collectivite=BOIS, **given)
    assert answer["__typename"] == "SoftwareRequest", answer


@pytest.mark.usefixtures("named")
async def test_a_named_software_is_attached(analyst: Browser, written: Written) -> None:
    page = await waiting(analyst, "SOFTWARE_TO_SETTLE", "Le Bois attend")
    assert "Portail Familles, d’Ébène Logiciels" in page.text
    search = await analyst.send(page.form(page.path), q="guichet")
    assert "Guichet Été, d’Aubépine" in search.text
    form = page.form("/rattachement")
    done = await analyst.send(form, product=f"{EBENE}/famille")
    assert "Le logiciel est rattaché" in done.text
    await analyst.send(form, product=f"{EBENE}/famille")
    assert [entry[0] for entry in await written()] == ["create", "create", "settle"]
    assert "Rattaché le" in (await analyst.open(page.path)).text


@pytest.mark.usefixtures("named")
async def test_a_named_software_is_refused_with_a_reason(analyst: Browser) -> None:
    page = await waiting(analyst, "SOFTWARE_TO_SETTLE", "Le Bois attend")
    wrong = await analyst.send(page.form("/refus"))
    assert "Ce champ est à remplir." in wrong.text
    await analyst.send(wrong.form("/refus"), reason="C’est un tableur.")
    assert "Refusé le" in (await analyst.open(page.path)).text


async def test_the_allow_list(analyst: Browser, written: Written) -> None:
    place, other = "/espace/ministere/etablissements", establishment(AUBEPINE)
    page = await analyst.open(place)
    assert "Le vôtre" in page.text
    wrong = await analyst.send(page.form(place), siret="12", label="Direction")
    assert "Rien n’a été enregistré" in wrong.text
    assert dict(wrong.form(place).values)["label"] == "Direction"
    page = await analyst.send(page.form(place), siret=other, label="Direction")
    assert "Direction" in page.text
    own = await analyst.send(page.form("/retrait"), removed=establishment(MINISTRY))
    assert "On ne retire pas son propre établissement" in own.text
    page = await analyst.send(page.form("/retrait", "Retirer Direction"))
    assert "n’agissent plus pour le ministère" in page.text
    assert "Direction" not in page.text
    removed = await analyst.open(place, retires="oui", tri="OLDEST")
    assert "Direction" in removed.text
    (row,) = (await analyst.client.get(removed.link("JSON"))).json()
    assert (row["siret"], row["label"], row["removed_at"] is None) == (other, "Direction", False)
    assert [entry[:2] for entry in await written()] == [
        ("create", "allowed_siret"), ("remove", "allowed_siret"),
    ]  # fmt: skip
