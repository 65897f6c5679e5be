"""Signed in, one lands in one's own space."""

import pytest

from tests.api.sides import EBENE, OPERATOR, TOWN
from tests.web.browsing import Browser
from tests.web.test_spaces.conftest import asked


async def test_whoever_is_not_signed_in_signs_in_and_comes_back(public: Browser) -> None:
    reply = await public.client.get("/espace", follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (303, "/connexion?retour=%2Fespace")


async def test_one_role_is_one_space(secretary: Browser, analyst: Browser) -> None:
    assert (await secretary.open("/espace")).path == f"/espace/collectivites/{TOWN}"
    assert (await analyst.open("/espace")).path == "/espace/ministere"


async def test_a_delegate_chooses(secretary: Browser, vendor: Browser) -> None:
    page = await secretary.open(f"/espace/collectivites/{TOWN}/delegues")
    form = page.form("/delegues")
    named = await secretary.send(form, email="agent@organisation.example", delegateSiren=EBENE)
    assert "Cette personne pourra agir pour vous" in named.text
    page = await vendor.open("/espace")
    assert page.link("Ébène Logiciels") == f"/espace/editeurs/{EBENE}"
    assert page.link("Le Bois") == f"/espace/collectivites/{TOWN}"
    theirs = await vendor.open(f"/espace/collectivites/{TOWN}/delegues")
    assert "Vous êtes vous-même délégué" in theirs.text
    ended = await secretary.send((await secretary.open(named.path)).form("/fin"))
    assert "Cette délégation a pris fin." in ended.text
    assert (await vendor.open(f"/espace/collectivites/{TOWN}")).status == 403


async def test_without_a_role_one_may_register(operator: Browser) -> None:
    page = await operator.open("/espace")
    assert "n’a pas de rôle dans le registre" in page.text
    assert page.link("Inscrire ma société") == "/espace/editeurs/inscription"


async def test_an_operator_sees_what_it_runs(
    operator: Browser, eloise: Browser, neighbour: Browser
) -> None:
    declared = await asked(
        eloise,
        "DeclareDeployment",
        collectivite="01002",
        vendorSiren=EBENE,
        product="famille",
        demarche="RESTAURATION_SCOLAIRE",
        operator=OPERATOR,
    )
    assert declared["__typename"] == "Deployment", declared
    other = await neighbour.open("/espace/operateur")
    assert "Vous exploitez" not in other.text
    assert "Votre organisation n’est l’opérateur d’aucun usage." in other.text
    page = await operator.open("/espace")
    assert page.path == "/espace/operateur"
    assert "Vous exploitez ces logiciels" in page.text
    step = await operator.follow(page, "Noter une étape")
    assert step.status == 200
    assert (await neighbour.open(step.path)).status == 403
    rows = (await operator.client.get("/espace/operateur.csv")).text.splitlines()
    assert rows[1].startswith("01002,Éloise,999900004,famille,RESTAURATION_SCOLAIRE,")
    found = await operator.open("/espace/operateur", q="éloise", tri="SINCE_DESC")
    assert "Portail Familles" in found.text
    none = await operator.open("/espace/operateur", demarche="ETAT_CIVIL")
    assert "Aucun usage ne répond à ces critères." in none.text
    rows = (await operator.client.get("/espace/operateur.csv?q=belley")).text.splitlines()
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("file", "sorte"),
        ("contestations", "etat"),
        ("subventions", "etat"),
        ("editeurs", "engagement"),
        ("journal", "organisation"),
    ],
)
async def test_a_filter_that_can_t_be_is_told_on_its_list(
    analyst: Browser, place: str, name: str
) -> None:
    wrong = await analyst.open(f"/espace/ministere/{place}", **{name: "zzz"})
    told = [(address, said) for address, said in wrong.read.links if "zzz" in said]
    assert (wrong.status, [address for address, _ in told]) == (400, [f"#filtre-{name}"])
    assert "Filtrer" in wrong.text
    assert "CSV" not in wrong.text
