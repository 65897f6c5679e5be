"""What is typed is kept, what is sent twice is written once, what changed meanwhile is told."""

from typing import Any

from tests.api.conftest import Ask, Token, Written
from tests.api.sides import EBENE, READY, town
from tests.web.browsing import Browser
from tests.web.test_vendor_space.conftest import PRODUCT, SPACE

SCOPE = ["ONE_OFF_FEES", "RECURRING_FEES", "PER_USE_FEES", "COMPULSORY_MODULES"]


async def test_a_product_form_sent_twice_writes_once(vendor: Browser, written: Written) -> None:
    form = (await vendor.open(f"{SPACE}/nouveau-logiciel")).form("/nouveau-logiciel")
    wrong = await vendor.send(
        form, name="Crèches", slug="famille", demarches=["PETITE_ENFANCE"], citizenLogin="oui"
    )
    assert "désigne déjà un autre logiciel" in wrong.text
    form = wrong.form("/nouveau-logiciel")
    assert dict(form.values)["name"] == "Crèches"
    assert ("demarches", "PETITE_ENFANCE") in form.values
    for _ in range(2):
        page = await vendor.send(form, slug="creches")
        assert page.path == f"{SPACE}/logiciels/creches"
    assert [entry[:2] for entry in await written()] == [("create", "product")]


async def test_every_fault_is_told_at_its_field(vendor: Browser) -> None:
    form = (await vendor.open(f"{SPACE}/nouveau-logiciel")).form("/nouveau-logiciel")
    page = await vendor.send(form, slug="Pas Bon")
    told = {address for address, _ in page.read.links if address.startswith("#champ-")}
    assert told >= {"#champ-name", "#champ-citizenLogin"}


async def test_a_sheet_that_changed_meanwhile_keeps_what_was_typed(vendor: Browser) -> None:
    form = (await vendor.open(f"{PRODUCT}/fiche")).form("/fiche")
    await vendor.send((await vendor.open(f"{PRODUCT}/fiche")).form("/fiche"), name="Familles 2")
    page = await vendor.send(form, name="Familles 3")
    assert "La fiche a changé depuis que vous l’avez ouverte." in page.text
    assert "nom : Familles 2" in page.text
    form = page.form("/fiche")
    assert dict(form.values)["name"] == "Familles 3"
    page = await vendor.send(form)
    assert "Familles 3" in page.text
    assert page.path == PRODUCT


async def test_the_vendor_edits_itself_and_speaks(vendor: Browser, written: Written) -> None:
    former = (await vendor.open(f"{SPACE}/fiche")).form("/fiche")
    page = await vendor.send(former, contact="Jeanne Dupont, 06 00 00 00 00")
    assert "jamais les coordonnées d’une personne" in page.text
    page = await vendor.send(page.form("/fiche"), contact="aide@ebene.example")
    assert "Votre fiche est modifiée." in page.text
    page = await vendor.send(former, name="Ébène SAS")
    assert "contact : aide@ebene.example" in page.text
    page = await vendor.follow(page, "Écrire une déclaration")
    page = await vendor.send(page.form("/declaration"), statement="La version 5 arrive.")
    assert "La version 5 arrive." in page.text
    assert [entry[:2] for entry in await written()] == [("edit", "vendor"), ("publish", "vendor")]


async def test_a_product_is_retired_and_offered_again(vendor: Browser, written: Written) -> None:
    page = await vendor.open(f"{PRODUCT}/retrait")
    page = await vendor.send(page.form("/retrait", "Retirer le logiciel"), retiredOn="2026-01-01")
    assert "Retiré depuis le 1er janvier 2026" in page.text
    page = await vendor.follow(page, "Changer le retrait")
    page = await vendor.send(page.form("/retrait", "Proposer de nouveau"))
    assert "Le logiciel est de nouveau proposé." in page.text
    actions = [("retire", "product"), ("restore", "product")]
    assert [entry[:2] for entry in await written()] == actions


async def test_a_step_is_amended_with_evidence(vendor: Browser, written: Written) -> None:
    page = await vendor.open(f"{PRODUCT}/services/FRANCECONNECT_V2/correction")
    form = page.form("/correction")
    assert dict(form.values)["minVersion"] == "4.2"
    url = "https://ebene.example/notes"
    page = await vendor.send(form, minVersion="4.3", evidenceUrl=url)
    assert "Version 4.3 au moins." in page.text
    assert (url, "sur pièce") in page.read.links
    assert [entry[:2] for entry in await written()] == [("amend", "integration")]


async def test_the_commitment_is_withdrawn_declined_nowhere_and_signed_anew(
    vendor: Browser, written: Written
) -> None:
    page = await vendor.open(f"{SPACE}/engagement")
    assert "Signé pour tous vos logiciels" in page.text
    refused = await vendor.open(f"{SPACE}/engagement/refus")
    assert "Cet engagement ne se refuse pas" in refused.text
    page = await vendor.follow(page, "Retirer l’engagement")
    page = await vendor.send(page.form("/engagement/retrait"), reason="")
    assert "Motif : Ce champ est à remplir." in page.text
    page = await vendor.send(page.form("/engagement/retrait"), reason="Nos coûts ont changé.")
    assert "Retiré pour tous vos logiciels" in page.text
    page = await vendor.follow(page, "Lire et signer")
    form = page.form("/engagement/signature")
    page = await vendor.send(form, scope=SCOPE[:2], signatory="Anne", signatoryCapacity="gérante")
    assert "frais à l’usage, modules rendus obligatoires" in page.text
    form = page.form("/engagement/signature")
    assert dict(form.values)["signatory"] == "Anne"
    page = await vendor.send(form, scope=SCOPE)
    assert "Votre engagement est signé." in page.text
    assert [entry[:2] for entry in await written()] == [
        ("withdraw", "commitment"),
        ("sign", "commitment"),
    ]


async def test_one_product_has_a_commitment_of_its_own(vendor: Browser) -> None:
    page = await vendor.open(f"{SPACE}/engagement/refus", product="famille")
    assert "propre à Portail Familles" in page.text
    page = await vendor.send(page.form("/engagement/refus"), reason="Module à part.")
    page = await vendor.open(PRODUCT)
    assert "avec surcoût" in page.text
    assert page.link("Lire et signer l’engagement").endswith("/signature?product=famille")


async def test_a_dispute_is_answered_then_reopened(
    vendor: Browser, write: Ask, token: Token, ministry: str
) -> None:
    dispute = await contested(write, await token(town(READY)), ministry)
    rows = (await vendor.client.get(f"{SPACE}/contestations.csv")).text.splitlines()
    told = [READY, "Éloise", EBENE, "famille", "INTEGRATION", "FRANCECONNECT_V2"]
    assert rows[1].split(",")[1:8] == [*told, "AWAITING_REPLY"]
    assert (await vendor.client.get(f"{SPACE}/contestations.json?etat=UPHELD")).json() == []
    none = await vendor.open(f"{SPACE}/contestations", etat="UPHELD", tri="OLDEST")
    assert "Aucune contestation n’est dans cet état." in none.text
    page = await vendor.open(SPACE)
    page = await vendor.follow(page, "Répondre à la contestation qui vise Portail Familles")
    assert "Le bouton n’apparaît pas." in page.text
    page = await vendor.send(page.form("/reponse"), evidenceUrl="https://ebene.example/essai")
    assert "Réponse : Ce champ est à remplir." in page.text
    form = page.form("/reponse")
    assert dict(form.values)["evidenceUrl"] == "https://ebene.example/essai"
    page = await vendor.send(form, reason="Il apparaît depuis la version 4.2.")
    assert "« Il apparaît depuis la version 4.2. »" in page.text
    assert "À l’étude" in page.text
    await write("UpholdDispute", ministry, dispute=dispute)
    page = await vendor.open(page.path)
    page = await vendor.send(page.form("/reouverture"), reason="Voici.")
    assert "La pièce nouvelle est attendue." in page.text
    form = page.form("/reouverture")
    page = await vendor.send(form, evidenceUrl="https://ebene.example/constat")
    assert "L’examen reprend, sur votre pièce nouvelle." in page.text


async def contested(write: Ask, by: str, ministry: str) -> Any:
    """A town contests Ébène's portal, and the ministry waits for the reply."""
    opened = await write(
        "OpenDispute",
        by,
        collectivite=READY,
        vendorSiren=EBENE,
        product="famille",
        kind="INTEGRATION",
        service="FRANCECONNECT_V2",
        statement="Le bouton n’apparaît pas.",
    )
    dispute = opened["id"]
    await write("ReviewDispute", ministry, dispute=dispute)
    await write("AskReply", ministry, dispute=dispute)
    return dispute
