"""The page of a collectivité: what everyone reads there, and what its own may do."""

import csv
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Collectivite, Product, SoftwareRequest
from registry.database import Database
from registry.domain import products, software_requests
from registry.domain.actor import ADMINISTRATOR, Actor, Role
from registry.domain.clock import today
from registry.domain.rollout.readiness import Readiness
from registry.embedded import Addresses
from registry.web.french import counted
from tests.api.conftest import Written
from tests.api.sides import AUBEPINE, EBENE, NEIGHBOUR, OFFLINE, READY, TOWN, link, town
from tests.factories import add, commune, establishment, siren
from tests.states import outdate
from tests.web.browsing import Browser
from tests.web.conftest import Open
from tests.web.test_spaces.conftest import asked

FAMILLE, GUICHET = f"{EBENE}/famille", f"{AUBEPINE}/guichet"


@pytest.fixture
async def eloise(world: None, browsers: Open) -> Browser:
    """The secretary of a town whose software is ready, as its vendor says."""
    return await browsers(town(READY))


async def test_a_page_answers_in_one_sentence(public: Browser) -> None:
    page = await public.open(f"/collectivites/{READY}")
    assert "FranceConnect peut être activé dès maintenant." in page.text
    assert "demandez l’activation de FranceConnect, sans surcoût, sur Portail Familles" in page.text
    assert page.link("contact@ebene.example") == "mailto:contact@ebene.example"
    assert page.link("Portail Familles") == f"/editeurs/{FAMILLE}"
    assert "FranceConnect v2 : qualifiée , à partir de la version 4.2. étayé dit par" in page.text
    assert "Engagement sans surcoût : signé , sauf module de paiement" in page.text
    assert "Déclaré par l’éditeur. à confirmer par la collectivité" in page.text
    assert page.link("CC du Val d’Ain").startswith("/collectivites/")


async def test_what_was_said_long_ago_is_to_be_confirmed(public: Browser) -> None:
    page = await public.open("/collectivites/01003")
    assert re.search(r"dit par l’éditeur, le 1er février 2024 à confirmer", page.text)


async def test_what_is_in_service_is_told(public: Browser) -> None:
    page = await public.open("/collectivites/01001")
    assert "FranceConnect est en service, sur une partie des démarches." in page.text
    assert "FranceConnect v2 : en service , dit par la collectivité, le 1er juin 2025" in page.text
    assert "Déclaré par l’éditeur, confirmé par la collectivité" in page.text
    assert re.search(r"API Particulier : prévue pour le [^.]+ en retard", page.text)


async def test_a_vendor_that_said_nothing_is_not_accused(public: Browser) -> None:
    page = await public.open(f"/collectivites/{NEIGHBOUR}")
    assert "n’est pas possible pour l’instant : l’éditeur n’a rien déclaré à ce jour" in page.text
    assert "bloqu" not in page.text.split("Raccord, le registre")[0]


@pytest.mark.parametrize("code", ["01099", siren(21009999), establishment(town("01001"))])
async def test_other_codes_lead_to_the_page(public: Browser, code: str) -> None:
    page = await public.open(f"/collectivites/{code}")
    assert (page.status, page.path) == (200, "/collectivites/01001")
    letter = await public.open(f"/collectivites/{code}/courrier?logiciel={FAMILLE}")
    assert letter.path == f"/collectivites/01001/courrier?logiciel={FAMILLE}"


@pytest.mark.parametrize("code", ["99999", "belley", "123"])
async def test_an_unknown_code_is_helped(public: Browser, code: str) -> None:
    page = await public.open(f"/collectivites/{code}")
    assert page.status == 404
    assert ("q", code) in page.form("/recherche").values


async def test_the_public_is_asked_to_sign_in_and_comes_back(public: Browser) -> None:
    page = await public.open(f"/collectivites/{READY}")
    assert page.link("Connectez-vous") == f"/connexion?retour=/collectivites/{READY}"
    assert not [form for form in page.read.forms if form.method == "post"]


async def test_only_its_own_see_its_buttons(
    eloise: Browser, neighbour: Browser, operator: Browser
) -> None:
    own = await eloise.open(f"/collectivites/{READY}")
    assert own.link("Signaler un surcoût") == f"/collectivites/{READY}/surcout?logiciel={FAMILLE}"
    assert own.link("Déclarer un logiciel") == f"/collectivites/{READY}/logiciels"
    for stranger in (neighbour, operator):
        page = await stranger.open(f"/collectivites/{READY}")
        assert "Signaler un surcoût" not in page.text
        assert "Oui, nous utilisons" not in page.text
        for form in ("logiciels", "logiciels/inconnu", "sans-demarche", "surcout", "contester"):
            refused = await stranger.open(f"/collectivites/{READY}/{form}")
            assert refused.status == 403, form


async def test_a_secretary_confirms_once(eloise: Browser, written: Written) -> None:
    page = await eloise.open(f"/collectivites/{READY}")
    form = page.form("/confirmer", "Oui, nous utilisons ce logiciel")
    done = await eloise.send(form)
    assert done.path == f"/collectivites/{READY}"
    assert "Cet usage est confirmé." in done.text
    assert "confirmé par la collectivité" in done.text
    await eloise.send(form)
    assert [entry[:2] for entry in await written()] == [("confirm", "deployment")]


async def test_all_uses_of_a_product_are_confirmed_at_once(
    vendor: Browser, eloise: Browser, written: Written
) -> None:
    other = link(READY, demarche="RESTAURATION_SCOLAIRE")
    assert (await asked(vendor, "DeclareDeployment", **other))["__typename"] == "Deployment"
    page = await eloise.open(f"/collectivites/{READY}")
    waiting = "Oui, nous utilisons ce logiciel pour ces 2 démarches"
    form = page.form("/confirmer", waiting)
    none = await eloise.send(form, usage="99999999999999999999")
    assert none.status == 422
    done = await eloise.send(form)
    assert "Ces usages sont confirmés." in done.text
    unsure = "à confirmer par la collectivité"
    assert done.text.count(unsure) == page.text.count(unsure) - 2
    confirmed = [entry[:2] for entry in await written() if entry[0] == "confirm"]
    assert confirmed == 2 * [("confirm", "deployment")]


async def test_nobody_confirms_for_another(
    eloise: Browser, neighbour: Browser, written: Written
) -> None:
    form = (await eloise.open(f"/collectivites/{READY}")).form("/confirmer")
    stolen = await neighbour.send(form)
    assert (stolen.status, "Vous ne pouvez pas faire cela" in stolen.text) == (403, True)
    page = await neighbour.open(f"/espace/collectivites/{NEIGHBOUR}/subventions")
    proof = dict(page.form("/subventions").values)["_jeton"]
    form.values = [("_jeton", proof), *(pair for pair in form.values if pair[0] == "usage")]
    refused = await neighbour.send(form)
    assert (refused.status, "Rien n’a été enregistré" in refused.text) == (422, True)
    assert await written() == []


async def test_a_use_ends(eloise: Browser, written: Written) -> None:
    page = await eloise.follow(
        await eloise.open(f"/collectivites/{READY}"), "Nous ne l’utilisons plus"
    )
    wrong = await eloise.send(page.form("/fin"), until="2020-01-01")
    assert wrong.status == 422
    assert "Fin antérieure au début" in wrong.text
    assert ("until", "2020-01-01") in wrong.form("/fin").values
    done = await eloise.send(wrong.form("/fin"), until="")
    assert "La fin de cet usage est enregistrée." in done.text
    assert ("end", "deployment") in [entry[:2] for entry in await written()]


async def test_a_town_declares_its_software_in_two_steps(
    secretary: Browser, written: Written
) -> None:
    page = await secretary.open(f"/collectivites/{TOWN}")
    assert "Aucun logiciel de démarches en ligne n’est connu." in page.text
    search = await secretary.follow(page, "Déclarer un logiciel")
    found = await secretary.send(search.form("/logiciels"), q="ebene")
    chosen = await secretary.follow(found, "Portail Familles")
    nothing = await secretary.send(chosen.form("/logiciels"), since="2024-01-01")
    assert "Ce champ est à remplir." in nothing.text
    assert ("since", "2024-01-01") in nothing.form("/logiciels").values
    both = ["PERISCOLAIRE", "RESTAURATION_SCOLAIRE"]
    done = await secretary.send(nothing.form("/logiciels"), demarche=both)
    assert "Votre logiciel est déclaré." in done.text
    assert "FranceConnect peut être activé dès maintenant." in done.text
    assert [entry[:2] for entry in await written()] == [("create", "deployment")] * 2


async def test_what_is_replaced_is_no_longer_used(eloise: Browser, written: Written) -> None:
    page = await eloise.open(f"/collectivites/{READY}/logiciels", logiciel=GUICHET)
    assert "Remplace-t-il un logiciel que vous n’utilisez plus ?" in page.text
    assert "Portail Familles, pour la démarche « périscolaire »" in page.text
    form = page.form("/logiciels")
    (theirs,) = re.findall(r'name="replaced" value="(\d+)"', page.reply.text)
    unknown = await eloise.send(form, demarche="PERISCOLAIRE", replaced="999999")
    assert (unknown.status, "n’est plus parmi les vôtres" in unknown.text) == (422, True)
    assert await written() == []
    done = await eloise.send(form, demarche="PERISCOLAIRE", replaced=theirs)
    assert "Votre logiciel est déclaré." in done.text
    assert "Guichet Été" in done.text
    assert "Portail Familles" not in done.text
    assert [entry[:2] for entry in await written()] == [
        ("end", "deployment"),
        ("create", "deployment"),
    ]


async def test_software_that_is_retired_is_not_offered(
    secretary: Browser, database: Database
) -> None:
    page = await secretary.open(f"/collectivites/{TOWN}/logiciels", q="ebene")
    assert "Portail Familles" in page.text
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.update(Product).values(retired_on=today()))
        assert await products.offered(session, "portail", today(), 20) == []
        assert len(await products.offered(session, "portail", today() - timedelta(days=1), 20)) == 1
    page = await secretary.open(f"/collectivites/{TOWN}/logiciels", q="ebene")
    assert "Aucun logiciel trouvé" in page.text


async def test_a_town_names_what_the_registry_lacks(secretary: Browser, written: Written) -> None:
    search = await secretary.open(f"/collectivites/{TOWN}/logiciels", q="Mairie Facile")
    assert "Aucun logiciel trouvé" in search.text
    form = (await secretary.follow(search, "Nommez-le")).form("/inconnu")
    assert ("name", "Mairie Facile") in form.values
    wrong = await secretary.send(form, vendorSiren="123")
    assert "n’est pas un SIREN" in wrong.text
    done = await secretary.send(wrong.form("/inconnu"), vendorSiren="", demarches=["ETAT_CIVIL"])
    assert "« Mairie Facile » : vous l’avez nommé" in done.text
    assert [entry[:2] for entry in await written()] == [("create", "software_request")]


@pytest.mark.usefixtures("world")
async def test_what_one_town_named_is_not_hidden_by_another_s(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a delegate of both, where a page holds no more than the other's."""
    monkeypatch.setattr(software_requests, "MAX_SIZE", 1)
    async with database.transaction(ADMINISTRATOR) as session:
        found = await session.scalars(sa.select(Collectivite).limit(2))
        first, second = (body.recorded_id for body in found)
        for body in (first, second):
            session.add(SoftwareRequest(collectivite_id=body, name="Mairie", demarches=["AUTRE"]))
        actor = Actor(Role.MEMBER, "essai", collectivites=frozenset({first, second}))
        rows = await software_requests.of_collectivite(session, actor, second)
    assert [row.collectivite_id for row in rows] == [second]


async def test_a_town_without_online_demarche_says_so(secretary: Browser) -> None:
    page = await secretary.open(f"/collectivites/{TOWN}")
    asked = await secretary.follow(page, "Nous n’avons aucune démarche en ligne")
    done = await secretary.send(asked.form("/sans-demarche"))
    assert "rien n’est demandé à cette collectivité" in done.text
    back = await secretary.send(done.form("/retrait"))
    assert "Aucun logiciel de démarches en ligne n’est connu." in back.text


async def test_an_offline_town_that_uses_software_is_refused(eloise: Browser) -> None:
    asked = await eloise.open(f"/collectivites/{READY}/sans-demarche")
    refused = await eloise.send(asked.form("/sans-demarche"))
    assert "utilise Portail Familles" in refused.text


async def test_the_list_is_narrowed_and_its_files_are_equal(public: Browser) -> None:
    page = await public.open("/collectivites", departement="01", habitants_max="800")
    assert "4 collectivités" in page.text
    names = [words for address, words in page.read.links if re.search(r"/\d{5}$", address)]
    assert names == ["Éloise", "Étrez", "Le Bois", "Lélex"]
    reply = await public.client.get(page.link("CSV"))
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert [row["name"] for row in rows] == names
    assert [row["readiness"] for row in rows] == [
        "READY",
        "BLOCKED_BY_SURCHARGE",
        "NO_KNOWN_SOFTWARE",
        "NO_KNOWN_SOFTWARE",
    ]
    twin = (await public.client.get(page.link("JSON"))).json()
    assert [row["code"] for row in twin] == [row["code"] for row in rows]
    assert "aucune démarche en ligne" in page.text, OFFLINE


@pytest.mark.parametrize("state", ["derived", "computed"])
async def test_a_situation_keeps_those_that_show_it(
    public: Browser, addresses: Addresses, state: str
) -> None:
    if state == "computed":
        await outdate(addresses.owner)
    rows = (await public.client.get("/collectivites.json")).json()
    for readiness in Readiness:
        asked = {"situation": readiness.value}
        found = (await public.client.get("/collectivites.json", params=asked)).json()
        assert found == [row for row in rows if row["readiness"] == readiness]
        page = await public.open("/collectivites", **asked)
        assert counted(len(found), "collectivité") in page.reply.text
        assert ("situation", readiness) in page.form("/collectivites").values
    silent = (await public.client.get("/collectivites.json?situation=UNDECLARED")).json()
    assert silent == [row for row in rows if row["blocked_undeclared"]] != []


async def test_an_impossible_filter_is_told(public: Browser) -> None:
    page = await public.open("/collectivites", departement="ZZ", q="étrez")
    assert (page.status, page.link("Département : Code")) == (400, "#filtre-departement")
    assert ("q", "étrez") in page.form("/collectivites").values
    assert "Étrez" not in page.text
    assert (await public.open("/collectivites.csv", habitants_min="beaucoup")).status == 400
    for name, typed, label in (
        ("habitants_min", "abc", "Habitants, au moins : Un nombre est attendu, et non « abc »."),
        ("epci", "123", "SIREN d’une intercommunalité : Aucune intercommunalité n’a le SIREN"),
    ):
        wrong = await public.open("/collectivites", **{name: typed})
        assert (wrong.status, wrong.link(label)) == (400, f"#filtre-{name}")
        assert (name, typed) in wrong.form("/collectivites").values
    none = await public.open("/collectivites", q="zzzz")
    assert "Aucune collectivité ne répond à tous ces filtres" in none.text


async def test_digits_are_grouped_as_people_like(public: Browser) -> None:
    plain = await public.open("/collectivites", habitants_min="4000", epci=siren(20000000))
    spaced = f"200 000\u00a0{siren(20000000)[6:]}"
    page = await public.open("/collectivites", habitants_min="4\u202f000", epci=spaced)
    assert [words for _, words in page.read.links] == [words for _, words in plain.read.links]
    assert "CC du Val d’Ain" in page.text


async def test_a_use_is_corrected(eloise: Browser, written: Written) -> None:
    page = await eloise.follow(await eloise.open(f"/collectivites/{READY}"), "Corriger")
    form = page.form(page.path)
    assert ("since", "2023-01-01") in form.values
    wrong = await eloise.send(form, operator="12")
    assert "n’est pas un SIREN" in wrong.text
    done = await eloise.send(wrong.form(page.path), operator="", since="2022-09-01")
    assert "Cet usage est corrigé." in done.text
    assert "Déclaré par la collectivité" in done.text
    assert ("correct", "deployment") in [entry[:2] for entry in await written()]


@pytest.fixture
async def lille(world: None, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        served = commune("59350", "Lille", 240_000, other_names=["Hellemmes"])
        served.postal_codes = ["59000"]
        hamlet = commune("59355", "Lomme-lez-Lille", 900)
        await add(session, served, hamlet)


@pytest.mark.usefixtures("lille")
async def test_a_postal_code_offers_its_communes(public: Browser) -> None:
    page = await public.open("/collectivites/59000")
    assert page.status == 404
    assert "59000 est un code postal" in page.text
    assert page.link("Lille") == "/collectivites/59350"
    assert (await public.open("/collectivites/59001")).status == 404


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("st etienne", ["01001", "01004"]),
        ("Mairie de Lille", ["59350"]),
        ("lille", ["59350", "59355"]),
        ("hellemmes", ["59350"]),
        ("hellemes", ["59350"]),
        ("59000", ["59350"]),
        ("5935", ["59350", "59355"]),
        ("01099", ["01001"]),
        ('="59350"', ["59350"]),
        ("nulle part", []),
    ],
)
@pytest.mark.usefixtures("lille")
async def test_the_list_finds_what_the_search_box_finds(
    public: Browser, text: str, codes: list[str]
) -> None:
    found = (await public.client.get("/collectivites.json", params={"q": text})).json()
    assert sorted(row["code"] for row in found) == codes
