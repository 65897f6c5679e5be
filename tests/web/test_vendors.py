"""The list of vendors, and the page of one."""

import csv
from io import StringIO

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.sides import AUBEPINE, CEDRE, EBENE, SILENT
from tests.web.browsing import Browser


async def test_the_list_says_who_committed(public: Browser) -> None:
    page = await public.open("/editeurs")
    assert "4 éditeurs." in page.text
    assert "signé depuis le 10 janvier 2024 , dit par l’éditeur" in page.text
    assert "expiré depuis le" in page.text
    assert "Éditions du Silence 999 900 03" in page.text
    assert "non concerné : 1, prêt : 1 2" in page.text
    assert "n’a rien dit à ce jour rien de déclaré : 1" in page.text
    assert page.link("Ébène Logiciels") == f"/editeurs/{EBENE}"


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"q": "aubé"}, [AUBEPINE]),
        ({"q": f"{AUBEPINE[:3]} {AUBEPINE[3:6]}\u00a0{AUBEPINE[6:]}"}, [AUBEPINE]),
        ({"engagement": "SIGNED"}, [EBENE]),
        ({"engagement": "EXPIRED"}, [CEDRE]),
        ({"engagement": "NONE"}, [SILENT]),
        ({"tri": "KEY_ASC"}, [EBENE, AUBEPINE, CEDRE, SILENT]),
        ({"tri": "KEY_DESC", "q": "e"}, [SILENT, EBENE]),
    ],
)
async def test_filters_are_those_of_the_files(
    asked: dict[str, str], left: list[str], public: Browser
) -> None:
    reply = await public.client.get("/editeurs.json", params=asked)
    assert [row["siren"] for row in reply.json()] == left
    lines = (await public.client.get("/editeurs.csv", params=asked)).text
    assert [row["siren"] for row in csv.DictReader(StringIO(lines))] == left
    page = await public.open("/editeurs", **asked)
    places = [page.reply.text.find(f'"/editeurs/{siren}"') for siren in left]
    assert places == sorted(places)
    assert -1 not in places


async def test_a_page_that_is_none_is_told_on_the_list(public: Browser) -> None:
    page = await public.open("/editeurs", q="ébène", apres="abc")
    assert (page.status, "Ce curseur n’est pas de ceux" in page.text) == (400, True)
    assert ("q", "ébène") in page.form("/editeurs").values


async def test_the_files_count_products_and_clients(public: Browser) -> None:
    [row] = (await public.client.get("/editeurs.json", params={"q": "ebene"})).json()
    assert (row["product_count"], row["ready_product_count"]) == (2, 1)
    assert row["client_count"] == 2


async def test_a_vendor_says_all_of_itself(public: Browser) -> None:
    page = await public.open(f"/editeurs/{EBENE}")
    assert page.link("contact@ebene.example") == "mailto:contact@ebene.example"
    assert "signé, depuis le 10 janvier 2024" in page.text
    assert "Ce qu’il ne couvre pas module de paiement" in page.text
    assert "Portail Familles prêt étayé" in page.text
    assert "FranceConnect v2 : qualifiée, API Particulier : prévue pour le" in page.text
    assert "en retard" in page.text
    assert "2 collectivités se servent de ses logiciels, dont 1 raccordée" in page.text
    assert "pour tous ses logiciels : invité à s’engager" in page.text
    page = await public.open(f"/editeurs/{CEDRE}")
    assert page.link("Ébène Logiciels") == f"/editeurs/{EBENE}"


async def test_silence_is_not_a_refusal(public: Browser, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "UPDATE vendor SET statement = 'Nous y travaillons.', statement_on = '2026-01-05'"
                " WHERE siren = :siren"
            ),
            {"siren": SILENT},
        )
    page = await public.open(f"/editeurs/{SILENT}")
    assert "n’a rien dit à ce jour. Ce silence n’est pas un refus." in page.text
    assert "Nous y travaillons." in page.text
    assert "publié le 5 janvier 2026" in page.text


async def test_its_own_people_find_their_space(vendor: Browser, public: Browser) -> None:
    page = await vendor.open(f"/editeurs/{EBENE}")
    assert page.link("Ouvrir mon espace") == f"/espace/editeurs/{EBENE}"
    assert "mon espace" not in (await public.open(f"/editeurs/{EBENE}")).text


async def test_a_merged_vendor_leads_to_the_other(public: Browser, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "UPDATE vendor SET merged_into_id = (SELECT id FROM vendor WHERE siren = :one)"
                " WHERE siren = :other"
            ),
            {"one": EBENE, "other": SILENT},
        )
    reply = await public.client.get(f"/editeurs/{SILENT}", follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (308, f"/editeurs/{EBENE}")
    assert "Éditions du Silence" not in (await public.open("/editeurs")).text


async def test_an_unknown_vendor_is_told(public: Browser) -> None:
    assert (await public.open("/editeurs/356000000")).status == 404
    assert (await public.open("/editeurs/123")).status == 400
