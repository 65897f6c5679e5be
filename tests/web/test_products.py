"""The list of products, the page of one, and two side by side."""

import csv
from datetime import date
from io import StringIO

import pytest
import sqlalchemy as sa

from models import (
    Collectivite,
    Dispute,
    DisputeKind,
    DisputeState,
    DisputeTransition,
    Integration,
    IntegrationState,
    Product,
    Service,
    Source,
    Vendor,
)
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, REGISTRY
from registry.domain.clock import today
from registry.domain.expiry import expire_commitments
from registry.domain.rollout.verdicts import Verdict
from registry.embedded import Addresses
from tests.api.sides import AUBEPINE, CEDRE, EBENE, READY, SILENT
from tests.factories import add, product
from tests.states import outdate
from tests.web.browsing import Browser

FAMILLE = f"/editeurs/{EBENE}/famille"


async def contest(database: Database) -> None:
    """Éloise says that Ébène's portal is not what it says."""
    async with database.transaction(ADMINISTRATOR) as session:
        town = await session.scalar(sa.select(Collectivite.id).where(Collectivite.insee == READY))
        used = await session.scalar(sa.select(Product.id).where(Product.slug == "famille"))
        dispute = Dispute(
            collectivite_id=town,
            product_id=used,
            kind=DisputeKind.INTEGRATION,
            service=Service.FRANCECONNECT_V2,
            statement="Rien ne marche.",
        )
        await add(session, dispute)
        opened = DisputeTransition(
            dispute_id=dispute.recorded_id,
            state=DisputeState.OPEN,
            effective_on=today(),
            declared_by=Source.COLLECTIVITE,
        )
        await add(session, opened)


async def sign_by_name(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("UPDATE commitment SET signatory = 'Camille Exemple' WHERE state = 'SIGNED'")
        )


async def test_the_list_says_where_each_stands(public: Browser) -> None:
    page = await public.open("/logiciels")
    assert page.status == 200
    assert "5 logiciels." in page.text
    assert "Portail Familles prêt étayé depuis le" in page.text
    assert "Guichet Été avec surcoût" in page.text
    assert "Cantine coût inconnu" in page.text
    assert "e-Mairie n’a rien déclaré à ce jour" in page.text
    assert page.link("Portail Familles") == FAMILLE
    assert "non concerné" in page.text
    assert "<small></small>" not in "".join(page.reply.text.split())


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"q": "guich"}, ["guichet"]),
        ({"editeur": EBENE}, ["interne", "famille"]),
        ({"demarche": "RESTAURATION_SCOLAIRE"}, ["cantine", "famille"]),
        ({"connexion": "non"}, ["interne"]),
        ({"fourniture": "SAAS"}, ["famille"]),
        ({"retires": "oui"}, []),
        ({"etat": "SURCHARGE"}, ["guichet"]),
        ({"etat": "NOT_INTEGRATED"}, ["mairie"]),
        ({"etat": "UNDECLARED"}, ["mairie"]),
        ({"tri": "KEY_DESC", "connexion": "oui"}, ["mairie", "cantine", "guichet", "famille"]),
    ],
)
async def test_filters_are_those_of_the_files(
    asked: dict[str, str], left: list[str], public: Browser
) -> None:
    reply = await public.client.get("/logiciels.json", params=asked)
    assert [row["slug"] for row in reply.json()] == left
    lines = (await public.client.get("/logiciels.csv", params=asked)).text
    assert [row["slug"] for row in csv.DictReader(StringIO(lines))] == left
    page = await public.open("/logiciels", **asked)
    places = [page.reply.text.find(f'/{slug}">') for slug in left]
    assert places == sorted(places)
    assert -1 not in places


@pytest.mark.parametrize("state", ["derived", "computed"])
async def test_a_state_keeps_those_that_show_it(
    public: Browser, database: Database, addresses: Addresses, state: str
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        owner = await session.scalar(sa.select(Vendor).where(Vendor.siren == EBENE))
        spoken = product(owner, "guichetier", "Guichetier")
        await add(session, spoken)
        said = Integration(
            product_id=spoken.id,
            service=Service.FRANCECONNECT_V2,
            state=IntegrationState.SANDBOX,
            effective_on=date(2025, 1, 1),
            declared_by=Source.VENDOR,
        )
        await add(session, said)
    if state == "computed":
        await outdate(addresses.owner)
    rows = (await public.client.get("/logiciels.json")).json()
    for verdict in Verdict:
        found = (await public.client.get("/logiciels.json", params={"etat": verdict})).json()
        assert found == [row for row in rows if row["verdict"] == verdict] != []
    page = await public.open("/logiciels", etat="UNDECLARED")
    assert "1 logiciel pour ces critères" in page.text
    assert "e-Mairie" in page.text
    assert ("etat", "UNDECLARED") in page.form("/logiciels").values


async def test_the_files_say_what_the_list_says(public: Browser) -> None:
    rows = (await public.client.get("/logiciels.json", params={"q": "portail"})).json()
    [row] = rows
    assert (row["verdict"], row["evidence_level"], row["client_count"]) == ("READY", "EVIDENCED", 2)
    assert row["commitment"] == "SIGNED"
    page = await public.open("/logiciels", demarche="PERISCOLAIRE", tri="NAME_DESC")
    assert page.link("CSV") == "/logiciels.csv?demarche=PERISCOLAIRE&tri=NAME_DESC"


async def test_a_long_list_has_pages_and_one_file(public: Browser, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        owner = await session.scalar(sa.select(Vendor).where(Vendor.siren == EBENE))
        await add(session, *(product(owner, f"a{n:03}", f"Alpha {n:03}") for n in range(60)))
    page = await public.open("/logiciels", q="alpha")
    assert "Alpha 049" in page.text
    assert "Alpha 050" not in page.text
    page = await public.follow(page, "Page suivante")
    assert "Alpha 050" in page.text
    page = await public.follow(page, "Page précédente")
    assert "Alpha 000" in page.text
    assert len((await public.client.get("/logiciels.json?q=alpha")).json()) == 60


async def test_an_unknown_filter_is_told(public: Browser) -> None:
    page = await public.open("/logiciels", demarche="PECHE")
    assert page.status == 400
    assert "Démarche : « PECHE » n’est pas de la liste" in page.text
    wrong = await public.open("/logiciels", q="guichet", editeur="999 9", tri="KEY_ASC")
    assert (wrong.status, wrong.link("SIREN de l’éditeur : «")) == (400, "#filtre-editeur")
    assert 'aria-describedby="faute-editeur" aria-invalid="true"' in wrong.reply.text
    assert {("q", "guichet"), ("editeur", "999 9"), ("tri", "KEY_ASC")} <= {
        *wrong.form("/logiciels").values
    }
    assert "Guichet Été" not in wrong.text
    spaced = await public.open("/logiciels", editeur=f" {EBENE[:3]} {EBENE[3:6]}\u202f{EBENE[6:]}")
    assert "2 logiciels" in spaced.text


async def test_a_product_says_its_state_and_why(public: Browser) -> None:
    page = await public.open(FAMILLE)
    assert "Ce logiciel est prêt : ses clients peuvent activer FranceConnect" in page.text
    assert "FranceConnect v1 ou FranceConnect v2 : oui , FranceConnect v2 depuis le" in page.text
    assert "étayé" in page.text
    assert "4.2" in page.text
    assert "en retard" in page.text
    assert "quotient familial" in page.text
    assert "signé, depuis le 10 janvier 2024" in page.text
    assert "module de paiement" in page.text
    assert "à confirmer" in page.text
    assert f"avant : {AUBEPINE}/ancien" in page.text


async def test_its_history_goes_back_from_today(public: Browser) -> None:
    text = (await public.open(FAMILLE)).text
    history = text[text.index("au fil du temps") :]
    said = [
        "Intégration de FranceConnect v2 : qualifiée",
        "Intégration d’API Particulier : prévue",
        "pour tous ses logiciels : signé",
        "Intégration de FranceConnect v2 : en bac à sable",
        "pour tous ses logiciels : invité à s’engager",
    ]
    places = [history.index(words) for words in said]
    assert places == sorted(places)


async def test_its_clients_are_counted_and_never_named(vendor: Browser, public: Browser) -> None:
    for browser in (public, vendor):
        page = await browser.open(FAMILLE)
        assert "2 collectivités s’en servent, dont 1 raccordée par ce logiciel" in page.text
        assert "1 raccordée 1 prête" in page.text
        assert "Éloise" not in page.text


async def test_a_vendor_that_said_nothing_is_not_said_to_block(public: Browser) -> None:
    page = await public.open(f"/editeurs/{SILENT}/mairie")
    assert "L’éditeur n’a rien déclaré à ce jour" in page.text
    assert "non intégré" not in page.text


async def test_other_verdicts_have_their_sentences(public: Browser) -> None:
    page = await public.open(f"/editeurs/{AUBEPINE}/guichet")
    assert "son éditeur a refusé de s’engager" in page.text
    page = await public.open(f"/editeurs/{CEDRE}/cantine")
    assert "n’a pas dit, ou plus, s’il le fait payer" in page.text
    assert "expiré, depuis le" in page.text
    page = await public.open(f"/editeurs/{EBENE}/interne")
    assert "il n’est pas concerné par FranceConnect" in page.text


async def test_a_dispute_is_shown_as_a_count(public: Browser, database: Database) -> None:
    await contest(database)
    page = await public.open(FAMILLE)
    assert "contesté" in page.text
    assert "Contestations en cours 1" in page.text
    assert "Rien ne marche" not in page.text


async def test_the_signatory_is_for_the_vendor_and_the_ministry(
    public: Browser, competitor: Browser, vendor: Browser, analyst: Browser, database: Database
) -> None:
    await sign_by_name(database)
    for address in (FAMILLE, f"/editeurs/{EBENE}"):
        for browser, told in [(public, 0), (competitor, 0), (vendor, 1), (analyst, 1)]:
            assert ("Camille Exemple" in (await browser.open(address)).text) == told


async def test_its_own_people_go_to_their_space(vendor: Browser, competitor: Browser) -> None:
    page = await vendor.open(FAMILLE)
    assert page.link("Mettre à jour dans mon espace") == f"/espace/editeurs/{EBENE}"
    assert "mon espace" not in (await competitor.open(FAMILLE)).text


async def test_a_former_key_leads_to_the_present_one(public: Browser) -> None:
    reply = await public.client.get(f"/editeurs/{AUBEPINE}/ancien", follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (308, FAMILLE)


async def test_an_unknown_product_is_told(public: Browser) -> None:
    page = await public.open(f"/editeurs/{EBENE}/rien")
    assert page.status == 404
    assert "ne connaît pas le logiciel rien" in page.text


async def test_the_badge_is_given_to_copy(public: Browser) -> None:
    page = await public.open(FAMILLE)
    assert f'<img src="http://registry/badges/{EBENE}/famille.svg"' in page.text
    assert "&lt;a href=&#34;http://registry/editeurs/" in page.reply.text


async def test_two_products_side_by_side(public: Browser) -> None:
    page = await public.open("/comparer", a=f"{EBENE}/famille", b=f"{AUBEPINE}/guichet")
    assert "État prêt avec surcoût différent" in page.text
    assert "Contestations en cours 0 0 identique" in page.text
    assert "dont raccordées par ce logiciel 1 0 différent" in page.text
    assert "sans surcoût : l’éditeur s’y est engagé l’éditeur a refusé de s’engager" in page.text


async def test_what_is_missing_is_chosen_on_the_page(public: Browser) -> None:
    page = await public.follow(await public.open(FAMILLE), "Comparer")
    page = await public.send(page.form("/comparer", "Continuer"), b=f"{AUBEPINE}/guichet")
    assert "Portail Familles et Guichet Été" in page.text
    page = await public.open("/comparer", a=f"{EBENE}/famille")
    page = await public.send(page.form("/comparer", "Continuer"), **{"cherche-b": "cant"})
    assert "Cantine (Cèdre & Fils)" in page.text
    page = await public.send(page.form("/comparer", "Continuer"), b=f"{CEDRE}/cantine")
    assert "Portail Familles et Cantine" in page.text


async def test_a_comparison_takes_former_keys_and_tells_unknown_ones(public: Browser) -> None:
    page = await public.open("/comparer", a=f"{AUBEPINE}/ancien", b=f"{CEDRE}/cantine")
    assert "Portail Familles et Cantine" in page.text
    assert (await public.open("/comparer", a="famille")).status == 400
    assert (await public.open("/comparer", a=f"{EBENE}/rien")).status == 404


async def test_what_is_old_is_to_be_confirmed(public: Browser) -> None:
    """The qualification is of 2024, and nobody said it again."""
    text = (await public.open(f"/editeurs/{AUBEPINE}/guichet")).text
    assert "l’éditeur, le 1er février 2024 à confirmer" in text


async def test_the_day_that_is_old_is_said(public: Browser) -> None:
    """It was qualified half a year ago; the commitment is of 2024."""
    said = "d’après une déclaration du 10 janvier 2024 : à confirmer"
    for address in (FAMILLE, "/logiciels", "/aide"):
        assert said in (await public.open(address)).text


async def test_only_who_speaks_of_its_own_declares_it(public: Browser) -> None:
    """The ministry tried e-Mairie, whose vendor said nothing."""
    page = await public.open(f"/editeurs/{SILENT}/mairie")
    assert "le ministère, le" in page.text
    assert "auto-déclaré" not in page.text


async def test_nobody_says_that_a_signature_comes_to_its_end(
    public: Browser, database: Database
) -> None:
    async with database.transaction(REGISTRY) as session:
        assert await expire_commitments(session, today()) == 1
    for address in (f"/editeurs/{CEDRE}/cantine", f"/editeurs/{CEDRE}", "/editeurs"):
        page = await public.open(address)
        assert "arrivé à son terme" in page.text
        assert "dit par le ministère" not in page.text
    feed = (await public.client.get("/flux.atom", params={"editeur": CEDRE})).text
    assert "Arrivé à son terme." in feed
    assert "par le ministère" not in feed
