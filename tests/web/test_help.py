"""The help, whose examples are the registry's, and the API's page, whose queries run."""

import html
import re

import pytest

from registry.database import Database
from registry.web.help import SAMPLES, Sample
from tests.api.sides import AUBEPINE, CEDRE, EBENE, SILENT
from tests.web.browsing import Browser
from tests.web.conftest import Open

PROGRAM = {"Accept": "*/*"}


async def test_examples_are_taken_from_the_registry(public: Browser) -> None:
    page = await public.open("/aide")
    assert page.status == 200
    assert page.link("Portail Familles") == f"/editeurs/{EBENE}/famille"
    assert page.link("Guichet Été") == f"/editeurs/{AUBEPINE}/guichet"
    assert page.link("Cantine") == f"/editeurs/{CEDRE}/cantine"
    assert page.link("e-Mairie") == f"/editeurs/{SILENT}/mairie"
    assert "Éditions du Silence (l’éditeur n’a rien déclaré à ce jour)" in page.text
    assert "FranceConnect v1 ou FranceConnect v2" in page.text
    assert "1 récupère aussi des données" in page.text


async def test_an_empty_registry_invents_nothing(database: Database, browsers: Open) -> None:
    page = await (await browsers(None)).open("/aide")
    assert page.text.count("Aucun logiciel du registre n’est dans ce cas aujourd’hui.") == 5


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
async def test_each_query_to_copy_runs(sample: Sample, public: Browser) -> None:
    page = await public.client.get("/api")
    shown = re.search(rf'id="requete-{sample.name}"[^>]*><code>(.*?)</code>', page.text, re.DOTALL)
    assert shown is not None
    query = html.unescape(shown[1])
    reply = await public.client.post("/graphql", json={"query": query}, headers=PROGRAM)
    assert reply.status_code == 200
    assert "errors" not in reply.json()
    assert reply.json()["data"] is not None


async def test_the_query_of_the_terminal_runs(public: Browser) -> None:
    page = await public.client.get("/api")
    shown = re.search(r"-d '(.*?)'", html.unescape(page.text))
    assert shown is not None
    headers = PROGRAM | {"Content-Type": "application/json"}
    reply = await public.client.post("/graphql", content=shown[1], headers=headers)
    assert "errors" not in reply.json()


async def test_the_page_of_the_api_says_its_limits(public: Browser) -> None:
    page = await public.open("/api")
    assert "1 200 par minute et par adresse" in page.text
    assert page.link("La page des requêtes") == "/graphiql"
