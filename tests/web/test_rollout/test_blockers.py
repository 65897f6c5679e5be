import csv
import io
from typing import Any

import pytest

from registry.database import Database
from registry.domain import vendors
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.rollout.blockers import Grouping, rank_blockers
from registry.domain.rollout.scope import Scope
from registry.domain.words import of
from registry.web.rollout import blockers
from tests.api.sides import AUBEPINE, SILENT
from tests.web.browsing import Browser
from tests.web.test_rollout.tables import table

STATEMENT = "Notre intégration est en cours."


async def ranked(database: Database, by: Grouping, **scope: Any) -> Any:
    async with database.read() as session:
        return await rank_blockers(session, Scope(**scope), by)


async def test_the_ranking_is_the_domains(public: Browser, database: Database) -> None:
    shown = table(await public.open("/deploiement/blocages"), "logiciels bloquants")
    found = await ranked(database, Grouping.PRODUCT)
    assert [row[0] for row in shown.rows] == [str(row.rank) for row in found.rows]
    for cells, row in zip(shown.rows, found.rows, strict=True):
        assert cells[1].startswith(f"{row.product_name}, {of(row.vendor_name)}")
        figures = (row.blocked, row.blocked_alone, row.population, row.connected_clients)
        assert cells[3:7] == [*map(str, figures)]


async def test_a_silent_vendor_is_said_to_be_silent(public: Browser) -> None:
    page = await public.open("/deploiement/blocages")
    shown = table(page, "logiciels bloquants")
    silent = next(row for row in shown.rows if "Éditions du Silence" in row[1])
    assert silent[-1] == "n’a rien déclaré à ce jour"
    assert "(le ministère, " in silent[2]
    spoken = next(row for row in shown.rows if "Aubépine" in row[1])
    assert "1er février 2024" in spoken[-1]
    assert "(l’éditeur, " in spoken[2]
    assert "auto-déclaré, à confirmer" in spoken[2]
    assert page.link("e-Mairie") == f"/editeurs/{SILENT}/mairie"


async def test_who_has_no_known_software_is_told_above(public: Browser) -> None:
    page = await public.open("/deploiement/blocages")
    assert "3 collectivités du périmètre n’ont aucun logiciel connu, et 1 attend" in page.text


async def test_by_vendor_in_a_scope(public: Browser, database: Database) -> None:
    page = await public.open("/deploiement/blocages", departement="01")
    page = await public.follow(page, "par éditeur")
    shown = table(page, "éditeurs")
    found = await ranked(database, Grouping.VENDOR, departement="01")
    assert [row[1] for row in shown.rows] == [row.vendor_name for row in found.rows]
    assert "Ce que permet le logiciel" not in shown.headings
    nowhere = await public.open("/deploiement/blocages", departement="02")
    assert "Aucun logiciel ne bloque dans ce périmètre." in nowhere.text


async def test_a_statement_stands_beside_its_name(public: Browser, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        vendor = await vendors.by_siren(session, AUBEPINE)
        assert vendor is not None
        vendor.statement, vendor.statement_on = STATEMENT, today()
    blocking = f"/editeurs/{AUBEPINE}/guichet"
    for path in ("/deploiement/blocages", "/deploiement/simulation", blocking):
        assert STATEMENT in (await public.open(path)).text
    rows = (await public.open("/deploiement/blocages.json")).reply.json()
    told = {row["vendor_siren"]: (row["undeclared"], row["statement"]) for row in rows}
    assert told[AUBEPINE] == (False, STATEMENT)
    assert told[SILENT] == (True, None)
    assert {row["statement_on"] for row in rows} == {None, today().isoformat()}


async def test_beyond_the_last_page_is_not_an_empty_ranking(public: Browser) -> None:
    page = await public.open("/deploiement/blocages", apres="100000")
    assert "Aucun logiciel ne bloque" not in page.text
    again = await public.follow(page, "La reprendre au début")
    assert table(again, "logiciels bloquants").rows[0][0] == "1"


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_the_twin_is_the_table(public: Browser, database: Database, kind: str) -> None:
    page = await public.open("/deploiement/blocages", par="VENDOR", departement="01")
    reply = (await public.open(page.link(kind.upper()))).reply
    rows = [*csv.DictReader(io.StringIO(reply.text))] if kind == "csv" else reply.json()
    found = await ranked(database, Grouping.VENDOR, departement="01")
    assert [(row["vendor_siren"], str(row["blocked"])) for row in rows] == [
        (row.vendor_siren, str(row.blocked)) for row in found.rows
    ]


async def test_pages_by_rank(
    public: Browser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blockers, "PAGE", 1)
    first = await public.open("/deploiement/blocages", departement="01")
    second = await public.follow(first, "Page suivante")
    assert [row[0] for row in table(second, "logiciels").rows] == ["2"]
    again = await public.follow(second, "Page précédente")
    assert [row[0] for row in table(again, "logiciels").rows] == ["1"]
    with pytest.raises(AssertionError):
        second.link("Page suivante")
