import csv
import io

import pytest

from registry.database import Database
from registry.domain.clock import today
from registry.domain.pages import Page
from registry.domain.rollout.changes import ChangeKind, count, of_collectivites, of_products
from registry.domain.rollout.periods import Moment, Period
from registry.domain.rollout.scope import Scope
from registry.web.french import day
from registry.web.rollout import changes
from registry.web.rollout.changes import WEEK
from tests.api.sides import NEIGHBOUR
from tests.web.browsing import Browser
from tests.web.test_rollout.tables import table

PATH = "/deploiement/changements"
SINCE = "2022-01-01"


def since_then() -> Period:
    return Period(Moment(today().replace(2022, 1, 1)), Moment(today()))


async def test_the_last_week_by_default(public: Browser) -> None:
    page = await public.open(PATH)
    said = f"Du {day(today() - WEEK)} au {day(today())}, ".replace("\u00a0", " ")
    assert said in page.text


async def test_what_moved_is_the_domains(public: Browser, database: Database) -> None:
    page = await public.open(PATH, depuis=SINCE)
    async with database.read() as session:
        counts = await count(session, Scope(), since_then())
        found = await of_collectivites(session, Scope(), since_then())
    assert f"{counts.moved} collectivités ont bougé" in page.text
    shown = table(page, "qui ont bougé")
    assert [row[:2] for row in shown.rows] == [[row.name, row.code] for row in found.slice.rows]
    assert page.link("Belley") == "/collectivites/01005"


async def test_a_kind_narrows_the_list_alone(public: Browser, database: Database) -> None:
    page = await public.follow(await public.open(PATH, depuis=SINCE), "nouvellement bloquées")
    async with database.read() as session:
        kind = ChangeKind.NEWLY_BLOCKED
        found = await of_collectivites(session, Scope(), since_then(), kind)
    shown = table(page, "nouvellement bloquées")
    assert [row[1] for row in shown.rows] == [row.code for row in found.slice.rows]
    assert "ont bougé" in page.text
    rows = [*csv.DictReader(io.StringIO((await public.open(page.link("CSV"))).reply.text))]
    assert [row["code"] for row in rows] == [row[1] for row in shown.rows]
    assert {row["after"] for row in rows} <= {"BLOCKED_BY_SURCHARGE", "BLOCKED_BY_SOFTWARE"}


async def test_pages(public: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PAGE", 2)
    page = await public.open(PATH, depuis=SINCE)
    codes = [row[1] for row in table(page, "qui ont bougé").rows]
    while any("Page suivante" in words for _, words in page.read.links):
        page = await public.follow(page, "Page suivante")
        codes += [row[1] for row in table(page, "qui ont bougé").rows]
    assert codes == ["01001", "01002", "01003", "01004", "01005"]
    back = []
    while any("Page précédente" in words for _, words in page.read.links):
        page = await public.follow(page, "Page précédente")
        back = [row[1] for row in table(page, "qui ont bougé").rows] + back
    assert back == ["01001", "01002", "01003", "01004"]


@pytest.mark.usefixtures("world")
async def test_pages_of_products_go_both_ways(database: Database) -> None:
    async with database.read() as session:
        every = (await of_products(session, Scope(), since_then())).slice
        assert len(every.rows) > 2
        for place, cursor in enumerate(every.cursors):
            page = Page(last=2, before=cursor)
            before = (await of_products(session, Scope(), since_then(), page)).slice
            assert before.rows == every.rows[max(0, place - 2) : place]
            assert (before.has_previous, before.has_next) == (place > 2, True)


async def test_products_and_those_whose_verdict_changed(
    public: Browser, database: Database
) -> None:
    page = await public.follow(await public.open(PATH, depuis=SINCE), "Les logiciels en cause")
    async with database.read() as session:
        every = await of_products(session, Scope(), since_then())
        turned = await of_products(session, Scope(), since_then(), turned=True)
    assert [row[0] for row in table(page, "logiciel").rows] == [r.name for r in every.slice.rows]
    assert all(row.before != row.after for row in turned.slice.rows)
    assert turned.total == sum(row.before != row.after for row in every.slice.rows)
    page = await public.follow(page, "Ne montrer que ceux dont le verdict a changé")
    assert [row[0] for row in table(page, "logiciel").rows] == [r.name for r in turned.slice.rows]
    rows = (await public.open(page.link("JSON"))).reply.json()
    assert [row["slug"] for row in rows] == [row.slug for row in turned.slice.rows]


async def test_dates_that_cannot_be_are_told(public: Browser) -> None:
    page = await public.open(PATH, depuis="2026-01-02", jusqua="2026-01-01")
    assert page.status == 400
    assert "Du : Le 02/01/2026 est après le 01/01/2026." in page.text
    mended = await public.send(page.form(PATH, "Appliquer"), depuis="2025-12-01")
    assert mended.status == 200
    assert ("jusqua", "2026-01-01") in mended.form(PATH, "Comparer").values
    (poneys,) = (await public.open(PATH, genre="poneys")).read.forms
    assert "poneys" not in dict(poneys.values).values()


async def test_a_scope_has_no_date_here(public: Browser) -> None:
    page = await public.open(PATH, au="2025-01-01", departement="01")
    assert page.status == 200
    assert "du département 01 (Ain)." in page.text


async def test_a_silent_vendor_is_told_as_such(public: Browser) -> None:
    page = await public.open(PATH, depuis=SINCE)
    silent = [row for row in table(page, "qui ont bougé").rows if row[1] == NEIGHBOUR]
    assert [row[3] for row in silent] == ["son éditeur n’a rien déclaré à ce jour"]
    rows = (await public.open(page.link("JSON"))).reply.json()
    assert [row["code"] for row in rows if row["undeclared_after"]] == [NEIGHBOUR]
    earlier = await public.open(PATH, depuis=SINCE, jusqua=str(today() - WEEK))
    assert "son éditeur n’avait rien déclaré" in earlier.text
    products = await public.follow(page, "Les logiciels en cause")
    shown = table(products, "logiciel").row("e-Mairie")
    assert shown["Après"] == "l’éditeur n’a rien déclaré à ce jour"


async def test_the_counts_add_up(public: Browser, database: Database) -> None:
    async with database.read() as session:
        counts = await count(session, Scope(), since_then())
    assert counts.other == 1
    page = await public.open(PATH, depuis=SINCE)
    assert "1 autre changement" in page.text
