from registry.database import Database
from registry.domain.rollout import fixes
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.simulation import Simulation, simulate
from tests.api.sides import AUBEPINE, CEDRE, SILENT
from tests.factories import siren
from tests.web.browsing import Browser
from tests.web.test_rollout.tables import table

PATH = "/deploiement/simulation"


async def simulated(database: Database, sirens: list[str], keys: list[str]) -> Simulation:
    async with database.read() as session:
        given = await fixes.by_keys(session, sirens, keys, "fixes")
        return await simulate(session, Scope(departement="01"), given)


async def test_the_figures_move_as_the_domain_says(public: Browser, database: Database) -> None:
    page = await public.open(PATH, departement="01")
    assert "Rien n’est choisi." in page.text
    page = await public.send(page.form(PATH, "Simuler"), editeur=[AUBEPINE, SILENT])
    found = await simulated(database, [AUBEPINE, SILENT], [])
    assert found.unlocked == 2
    assert "2 collectivités deviendraient prêtes." in page.text
    shown = table(page, "Avant et après").row("Ensemble, chacune une fois")
    before, after = found.before.total.counts, found.after.total.counts
    assert shown["Prêtes"] == f"{before.ready} → {after.ready}"
    assert shown["Différence"] == "+2"
    assert shown["Bloquées"] == "2 → 0"


async def test_what_is_ticked_stays_ticked(public: Browser) -> None:
    page = await public.open(PATH, departement="01", editeur=AUBEPINE)
    form = page.form(PATH, "Simuler")
    assert [value for name, value in form.values if name == "editeur"] == [AUBEPINE]
    assert ("departement", "01") in form.values
    emptied = await public.follow(page, "tout décocher")
    assert "Rien n’est choisi." in emptied.text
    assert "departement=01" in emptied.path


async def test_another_one_is_added_by_its_key(public: Browser) -> None:
    page = await public.open(PATH)
    page = await public.send(page.form(PATH, "Simuler"), ajouter=f"{CEDRE}/cantine")
    assert ("logiciel", f"{CEDRE}/cantine") in page.form(PATH, "Simuler").values
    assert "1 collectivité deviendrait prête." in page.text
    assert page.link("Cantine") == f"/editeurs/{CEDRE}/cantine"


async def test_one_that_does_not_exist_is_told_at_its_field(public: Browser) -> None:
    page = await public.open(PATH, editeur=AUBEPINE, ajouter=siren(99999999))
    assert page.status == 400
    assert "Aucun éditeur n’a le SIREN" in page.text
    form = page.form(PATH, "Simuler")
    assert ("ajouter", siren(99999999)) in form.values
    assert ("editeur", AUBEPINE) in form.values


async def test_by_product_silence_is_said(public: Browser) -> None:
    page = await public.follow(await public.open(PATH), "par logiciel")
    assert "e-Mairie, d’Éditions du Silence (1 bloquée ; n’a rien déclaré à ce jour)" in page.text
    page = await public.send(page.form(PATH, "Simuler"), logiciel=f"{SILENT}/mairie")
    assert "1 collectivité deviendrait prête." in page.text


async def test_a_script_gets_what_it_replaces(public: Browser) -> None:
    page = await public.open(PATH)
    html = page.reply.text
    for needed in ('hx-trigger="change"', 'hx-push-url="true"', 'id="chiffres"', 'id="bilan"'):
        assert needed in html
