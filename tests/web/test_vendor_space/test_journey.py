"""From a company that the registry does not know to a client whose town can act."""

import re
from datetime import timedelta

from registry.api.nodes import global_id
from registry.domain.clock import today
from registry.web.french import day
from tests.api.conftest import Ask, Token, Written
from tests.api.sides import AUBEPINE, CEDRE, EBENE, NEIGHBOUR, SILENT, TOWN, link, town
from tests.factories import siren
from tests.pictures import pdf
from tests.web.browsing import Browser
from tests.web.conftest import Open
from tests.web.test_vendor_space.conftest import PRODUCT, SPACE

NEWCOMER = siren(88880000)


async def test_a_company_registers_declares_signs_and_adds_a_client(
    world: None, browsers: Open, written: Written
) -> None:
    browser = await browsers(NEWCOMER)
    page = await browser.open("/espace/editeurs/inscription")
    page = await browser.send(page.form("/inscription"), name="Frêne", contact="aide@frene.example")
    assert page.path == f"/espace/editeurs/{NEWCOMER}"
    assert "Votre société est inscrite." in page.text
    assert "Aucun logiciel n’est encore déclaré." in page.text

    page = await browser.follow(page, "Ajouter un logiciel")
    page = await browser.send(
        page.form("/nouveau-logiciel"),
        name="Accueil Périscolaire",
        citizenLogin="oui",
        demarches=["PERISCOLAIRE"],
    )
    assert page.path.endswith("/logiciels/accueil-periscolaire")
    assert "Rien n’est déclaré de FranceConnect à ce jour." in page.text

    page = await browser.follow(page, "Déclarer où en est FranceConnect v2")
    page = await browser.send(
        page.form("/services/FRANCECONNECT_V2"),
        files={"evidenceFile": ("attestation.pdf", pdf())},
        state="QUALIFIED",
        minVersion="3.1",
    )
    assert "étayé dit par l’éditeur" in page.text
    assert "coût inconnu" in page.text

    page = await browser.follow(page, "Lire et signer l’engagement")
    assert "sans surcoût par rapport au même logiciel" in page.text
    form = page.form("/engagement/signature", "Signer la charte, version 2022-03-07")
    page = await browser.send(
        form,
        scope=["ONE_OFF_FEES", "RECURRING_FEES", "PER_USE_FEES", "COMPULSORY_MODULES"],
        signatory="Anne Frêne",
        signatoryCapacity="gérante",
    )
    assert "Votre engagement est signé." in page.text
    assert "Signé par Anne Frêne, gérante, sur la version 2022-03-07." in page.text

    page = await browser.open(f"/espace/editeurs/{NEWCOMER}/nouveau-client", q="le bois")
    page = await browser.follow(page, "Le Bois")
    form = page.form("/nouveau-client/01006")
    page = await browser.send(form, product="accueil-periscolaire", demarche="PERISCOLAIRE")
    assert "L’éditeur ; pas encore confirmé" in page.text

    page = await browser.follow(page, "Enregistrer une étape de FranceConnect v2")
    page = await browser.send(page.form("/services/FRANCECONNECT_V2"), state="PLANNED")
    assert "Prévu, dit par l’éditeur" in page.text

    page = await browser.open(f"/espace/editeurs/{NEWCOMER}")
    assert "Rien : vos clients peuvent se raccorder." in page.text
    assert [(action, noun) for action, noun, _ in await written()] == [
        ("create", "vendor"),
        ("create", "product"),
        ("give", "evidence"),
        ("record", "integration"),
        ("sign", "commitment"),
        ("create", "deployment"),
        ("create", "activation"),
    ]


async def test_a_sheet_opened_without_the_vendor_is_taken_over(
    vendor: Browser, written: Written
) -> None:
    page = await vendor.follow(await vendor.open(SPACE), "Vérifier la fiche et la reprendre")
    assert "Reprendre votre fiche" in page.text
    wrong = await vendor.send(page.form("/inscription"), name="")
    assert "Reprendre votre fiche" in wrong.text
    page = await vendor.send(page.form("/inscription"))
    assert "La fiche est à votre nom." in page.text
    assert "sans vous" not in page.text
    assert [entry[1] for entry in await written()] == ["vendor"]


async def test_what_waits_leads_to_the_form_that_mends_it(vendor: Browser) -> None:
    page = await vendor.open(SPACE)
    step = await vendor.follow(page, "Dire où en est API Particulier")
    assert step.path.endswith("/logiciels/famille/services/API_PARTICULIER")
    assert "prévue" in step.text
    assert "en retard" in step.text
    assert "à confirmer" in step.text


async def test_a_signature_near_its_end_tells_when_to_sign_again(
    world: None, browsers: Open
) -> None:
    browser, end = await browsers(SILENT), today() + timedelta(days=30)
    page = await browser.open(f"/espace/editeurs/{SILENT}/engagement/signature")
    await browser.send(
        page.form("/engagement/signature", "Signer la charte, version 2022-03-07"),
        scope=["ONE_OFF_FEES", "RECURRING_FEES", "PER_USE_FEES", "COMPULSORY_MODULES"],
        signatory="Anne Silence",
        signatoryCapacity="gérante",
        validUntil=str(end),
    )
    page = await browser.open(f"/espace/editeurs/{SILENT}")
    page = await browser.follow(page, "prend bientôt fin")
    assert f"valable jusqu’au {day(end)}".replace("\u00a0", " ") in page.text
    assert "À signer de nouveau dès le lendemain de son terme." in page.text


async def test_what_is_still_true_is_said_again(
    public: Browser, browsers: Open, written: Written
) -> None:
    async def integrations() -> str:
        page = await public.open(f"/editeurs/{CEDRE}/cantine")
        return page.text.partition("Engagement sans surcoût")[0]

    space, vendor = f"/espace/editeurs/{CEDRE}", await browsers(CEDRE)
    task = "Confirmer la déclaration sur FranceConnect v2"
    assert "à confirmer" in await integrations()
    page = await vendor.follow(await vendor.open(space), task)
    page = await vendor.send(page.form("/confirmation", "Toujours vrai aujourd’hui"))
    assert "C’est noté : votre déclaration sur FranceConnect v2 est toujours vraie." in page.text
    assert "le 1er mars 2024 , redit le" in page.text
    assert task not in (await vendor.open(space)).text
    assert "à confirmer" not in await integrations()
    assert [entry[:2] for entry in await written()] == [("confirm", "integration")]
    again = await vendor.open(f"{space}/logiciels/cantine/services/FRANCECONNECT_V2")
    assert "Toujours vrai" not in again.text


async def test_a_promise_that_passed_is_made_anew(vendor: Browser, written: Written) -> None:
    path = f"{PRODUCT}/services/API_PARTICULIER"
    task = "Dire où en est API Particulier dans Portail Familles : la date promise est passée"
    page = await vendor.follow(await vendor.open(SPACE), task)
    assert "La date promise est passée : en dire une autre." in page.text
    page = await vendor.follow(page, "Dire une autre date")
    await vendor.send(page.form("/correction"), targetDate="2199-01-01")
    assert task not in (await vendor.open(SPACE)).text
    page = await vendor.open(path)
    assert "prévue pour le 1er janvier 2199" in page.text
    assert "après l’avoir été" not in page.text
    assert "à confirmer" not in page.text
    page = await vendor.follow(page, "Corriger l’étape présente")
    await vendor.send(page.form("/correction"), targetDate="2199-02-01")
    moved = "pour le 1er février 2199 , après l’avoir été pour le 1er janvier 2199"
    for place in (path, f"/editeurs/{EBENE}/famille"):
        assert moved in (await vendor.open(place)).text
    assert [entry[:2] for entry in await written()] == [("amend", "integration")] * 2


async def test_what_was_sent_back_is_corrected_not_confirmed(
    competitor: Browser, write: Ask, ministry: str
) -> None:
    key = {"vendorSiren": AUBEPINE, "product": "guichet", "service": "FRANCECONNECT_V2"}
    path = f"/espace/editeurs/{AUBEPINE}/logiciels/guichet/services/FRANCECONNECT_V2"
    form = (await competitor.open(path)).form("/confirmation")
    step = global_id("Integration", int(dict(form.values)["step"]))
    sent = await write(
        "ReviewIntegration", ministry, **key, step=step, decision="SEND_BACK", reason="?"
    )
    assert sent["evidenceLevel"] == "SELF_DECLARED"
    page = await competitor.send(form)
    assert "Le ministère a renvoyé cette étape : corriger ce qui en est dit." in page.text


async def test_a_vendor_that_said_nothing_reads_that_nothing_is_declared(
    world: None, browsers: Open
) -> None:
    vendor, space = await browsers(SILENT), f"/espace/editeurs/{SILENT}"
    for path in ("", "/logiciels", "/logiciels/mairie"):
        page = await vendor.open(space + path)
        assert "rien n’est déclaré à ce jour" in page.text, path
        assert "non intégré" not in page.text, path


async def test_the_products_of_a_vendor_are_a_file_too(vendor: Browser) -> None:
    page = await vendor.open(f"{SPACE}/logiciels")
    rows = (await vendor.client.get(page.link("CSV"))).text.splitlines()
    assert [row.split(",")[1] for row in rows] == ["slug", "interne", "famille"]
    assert rows[2].endswith(",READY,SIGNED,2")
    page = await vendor.open(f"{SPACE}/logiciels", q="familles", tri="NAME_DESC")
    assert "Portail Familles" in page.text
    rows = (await vendor.client.get(page.link("CSV"))).text.splitlines()
    assert [row.split(",")[1] for row in rows] == ["slug", "famille"]


async def test_what_waits_is_counted_and_clients_too(
    vendor: Browser, write: Ask, token: Token
) -> None:
    assert "2 collectivités clientes" in (await vendor.open(SPACE)).text
    for insee in (TOWN, NEIGHBOUR):
        await write("DeclareDeployment", await token(town(insee)), **link(insee))
    page = await vendor.open(SPACE)
    assert "4 collectivités clientes" in page.text
    assert "déclarés par l’autre partie (2)." in page.text


async def test_only_the_states_that_may_follow_are_offered(vendor: Browser) -> None:
    page = await vendor.open(f"{PRODUCT}/services/FRANCECONNECT_V2")
    offered = re.findall(r'name="state" value="(\w+)"', page.reply.text)
    assert offered == ["SUSPENDED", "WITHDRAWN"]
    assert "Date promise" not in page.text
    assert "Date promise" in (await vendor.open(f"{PRODUCT}/services/API_IMPOT_PARTICULIER")).text
    form = page.form("/services/FRANCECONNECT_V2")
    again = await vendor.send(form, state="", reason="Une panne.", effectiveOn="2999-01-01")
    assert "Rien n’a été enregistré" in again.text
    kept = dict(again.form("/services/FRANCECONNECT_V2").values)
    assert (kept["reason"], kept["effectiveOn"]) == ("Une panne.", "2999-01-01")
    form = again.form("/services/FRANCECONNECT_V2")
    done = await vendor.send(form, state="SUSPENDED", effectiveOn=str(today()))
    assert "Suspendue" in done.text
