import csv
import io

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.rollout.plan import Plan, Wishes, draw_up
from registry.domain.rollout.scope import Scope
from tests.api.sides import AUBEPINE, CEDRE, SILENT
from tests.factories import siren
from tests.web.browsing import Browser
from tests.web.test_rollout.tables import table, tables

PATH = "/deploiement/plan"
HALF = sa.text("UPDATE target SET share = 0.8 WHERE stratum LIKE 'COMMUNE%'")


@pytest.fixture(autouse=True)
async def targets(world: None, database: Database) -> None:
    """High enough for something to be needed."""
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(HALF)


async def planned(database: Database) -> Plan:
    return await draw_up(database.read, Scope(departement="01"), Wishes())


async def test_nothing_is_computed_unless_asked(public: Browser) -> None:
    page = await public.open(PATH, departement="01")
    assert "prend une à deux secondes" in page.text
    assert tables(page) == []


async def test_the_plan_is_the_domains(public: Browser, database: Database) -> None:
    page = await public.open(PATH, departement="01")
    page = await public.send(page.form(PATH, "Calculer le plan"))
    found = await planned(database)
    shown = table(page, "Les étapes")
    assert len(shown.rows) == len(found.steps) > 0
    for cells, step in zip(shown.rows, found.steps, strict=True):
        assert cells[1].startswith(step.candidate.vendor_name)
        figures = (step.gap_closed, step.gap_left, step.unlocked, step.unlocked_alone)
        assert cells[2:6] == [*map(str, figures)]
        for part in step.products:
            assert f"{part.name} : {part.unlocked}" in page.text
    assert "n’a rien déclaré à ce jour" in page.text
    assert found.optimal
    assert "Il est prouvé qu’aucun autre plan n’est meilleur." in page.text
    targets = table(page, "Une fois le plan réalisé")
    assert [row[1] for row in targets.rows] == [str(one.target_count) for one in found.targets]
    for row, target in zip(targets.rows, found.targets, strict=True):
        assert row[-1].startswith("non" if target.missing and not target.reachable else "oui")


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_the_twin_has_the_steps(public: Browser, database: Database, kind: str) -> None:
    page = await public.open(PATH, departement="01", calculer="oui")
    reply = (await public.open(page.link(kind.upper()))).reply
    rows = [*csv.DictReader(io.StringIO(reply.text))] if kind == "csv" else reply.json()
    found = await planned(database)
    assert [(row["vendor_siren"], str(row["gap_left"])) for row in rows] == [
        (step.candidate.vendor_siren, str(step.gap_left)) for step in found.steps
    ]
    silent = next(row for row in rows if row["vendor_siren"] == SILENT)
    assert f"{SILENT}/mairie" in silent["undeclared_products"]


async def test_a_twin_is_computed_only_if_asked(public: Browser) -> None:
    page = await public.open(f"{PATH}.csv", departement="01")
    assert page.status == 400
    assert "n’est calculé que s’il est demandé" in page.text


async def test_again_without_one(public: Browser, database: Database) -> None:
    first = (await planned(database)).steps[0].candidate
    page = await public.open(PATH, departement="01", calculer="oui")
    page = await public.follow(page, f"Refaire sans {first.vendor_name}")
    assert f"Sans compter sur : {first.vendor_name}" in page.text
    left = [row[1] for row in table(page, "Les étapes").rows]
    assert left
    assert not any(name.startswith(first.vendor_name) for name in left)
    assert ("sauf", first.vendor_siren) in page.form(PATH, "Calculer le plan").values


async def test_the_promised_are_no_steps(public: Browser) -> None:
    page = await public.open(PATH, departement="01", calculer="oui", promis=SILENT)
    assert "Tenus pour promis : Éditions du Silence" in page.text
    steps = [one for one in tables(page) if "Les étapes" in one.caption]
    assert not any("Éditions du Silence" in row[1] for one in steps for row in one.rows)


async def test_a_vendor_is_chosen_by_its_name(public: Browser) -> None:
    page = await public.open(PATH, departement="01")
    assert f'<option value="{AUBEPINE}">Aubépine' in page.reply.text
    assert 'list="editeurs"' in page.reply.text


async def test_at_most_and_by_product(public: Browser) -> None:
    page = await public.open(PATH, departement="01", calculer="oui", auplus="1", par="PRODUCT")
    (row,) = table(page, "Les étapes").rows
    assert ", d’" in row[1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"sauf": siren(99999999)}, "Aucun éditeur n’a le SIREN"),
        ({"sauf": AUBEPINE, "promis": AUBEPINE}, "est exclu et promis"),
        ({"auplus": "0"}, "au moins 1"),
        ({"sauf": f"{CEDRE}/rien"}, "Aucun logiciel n’a la clé"),
    ],
)
async def test_what_cannot_be_asked_is_told(
    public: Browser, query: dict[str, str], message: str
) -> None:
    page = await public.open(PATH, calculer="oui", **query)
    assert page.status == 400
    assert message in page.text
    form = page.form(PATH, "Appliquer")
    assert {*query.items(), ("calculer", "oui")} <= {*form.values}
    mended = await public.send(form, **dict.fromkeys(query, ""))
    assert mended.status == 200
