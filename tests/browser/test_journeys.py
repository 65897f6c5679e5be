"""What people come to do, from the home page to the ledger, on each kind of machine.

Each way takes records of its own, so that it doesn't come after another that has done the work.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from registry.domain.clock import today
from tests.browser import audit
from tests.browser.ledger import history
from tests.browser.pages import Role
from tests.browser.visitors import Visitors, ask, choose
from tests.browser.watching import Watch

OF_VENDOR = """query ($siren: String!) {
  vendor(siren: $siren) { products(first: 200) { edges { node { slug name } } } }
}"""


class Way(NamedTuple):
    place: int
    width: int
    script: bool


WAYS = {
    "wide": Way(0, 1280, script=True),
    "narrow": Way(1, 360, script=True),
    "wide-without-script": Way(2, 1280, script=False),
    "narrow-without-script": Way(3, 360, script=False),
}


@pytest.fixture(params=WAYS.values(), ids=WAYS.keys())
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture
def window(visitors: Visitors, way: Way) -> Iterator[BrowserContext]:
    assert visitors.keys
    with visitors.window(None, way.width, script=way.script) as window:
        yield window


@pytest.fixture
def watch(visitors: Visitors, window: BrowserContext) -> Iterator[Watch]:
    """Nothing on the way may go wrong."""
    watch = Watch(window, visitors.base_url)
    yield watch
    assert watch.faults == []


@pytest.fixture
def page(window: BrowserContext, watch: Watch) -> Page:
    """The home page, before anyone has signed in."""
    page = window.new_page()
    page.goto(watch.base_url)
    return page


@pytest.mark.parametrize("role", Role)
def test_one_signs_in_and_out(page: Page, role: Role) -> None:
    page.get_by_role("link", name="Se connecter").click()
    page.get_by_role("link", name="Essayer le registre fictif").click()
    choose(page, role)
    page.goto("/compte")
    expect(heading(page)).to_have_text("Mon compte")
    page.get_by_role("button", name="Se déconnecter", exact=True).click()
    expect(heading(page)).to_have_text("Vous êtes déconnecté")
    page.goto("/compte")
    expect(page.get_by_role("main")).to_contain_text("Vous n’êtes pas connecté")


def test_a_secretary_confirms_a_software(page: Page, way: Way, visitors: Visitors) -> None:
    town = visitors.keys["town"]
    page.get_by_role("searchbox").fill(visitors.keys["town_name"])
    if not way.script:
        page.keyboard.press("Enter")
    page.locator(f'#resultats a[href="/collectivites/{town}"]').click()
    page.get_by_role("link", name="Connectez-vous").click()
    choose(page, Role.TOWN)
    expect(heading(page)).to_have_text(visitors.keys["town_name"])
    page.get_by_role("button", name="Oui, nous utilisons ce logiciel").first.click()
    said(page)
    entry = history(page, "CollectiviteHistory", code=town)[0]
    assert (entry["noun"], entry["action"]) == ("deployment", "confirm")
    assert {"field": "confirmed_by", "before": None, "after": "COLLECTIVITE"} in entry["changes"]


def test_a_secretary_finds_a_software_to_declare(page: Page, way: Way, visitors: Visitors) -> None:
    town = visitors.keys["town"]
    page.get_by_role("link", name="Se connecter").click()
    page.get_by_role("link", name="Essayer le registre fictif").click()
    choose(page, Role.TOWN)
    page.goto(f"/collectivites/{town}/logiciels")
    page.get_by_role("searchbox").fill(visitors.keys["product"])
    if not way.script:
        page.keyboard.press("Enter")
    page.locator("#trouves").get_by_role("link").first.click()
    expect(page.get_by_role("button", name="Déclarer")).to_be_visible()


def test_a_compliance_officer_promises_a_date(
    page: Page, way: Way, visitors: Visitors, watch: Watch
) -> None:
    page.get_by_role("link", name="Ouvrir mon espace").click()
    choose(page, Role.VENDOR)
    page.locator("main tbody th").get_by_role("link").nth(way.place).click()
    page.get_by_role("link", name="Déclarer API Particulier").click()
    page.get_by_label("Prévue", exact=True).check()
    with watch.refused(422):
        page.get_by_role("button", name="Enregistrer l’étape").click()
        expect(page.get_by_role("alert")).to_be_visible()
    assert [*audit.shape(page)] == []
    page.get_by_label("Date promise").fill(str(today() + timedelta(days=200)))
    page.get_by_role("button", name="Enregistrer l’étape").click()
    said(page)
    slug = page.url.rsplit("/", 1)[1]
    (entry, *_) = history(page, "ProductHistory", vendorSiren=visitors.keys["vendor"], slug=slug)
    assert (entry["noun"], entry["to"], entry["declaredBy"]) == ("integration", "PLANNED", "VENDOR")


def test_an_analyst_verifies_a_declaration(page: Page) -> None:
    page.get_by_role("link", name="Suivre le déploiement").click()
    page.get_by_role("link", name="Blocages").click()
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_role("link", name="Se connecter").click()
    page.get_by_role("link", name="Essayer le registre fictif").click()
    choose(page, Role.MINISTRY)
    page.get_by_role("link", name="Mon espace").click()
    page.get_by_role("link", name="Qualification demandée ou déclarée").click()
    page.locator("main tbody th").get_by_role("link").first.click()
    vendor = page.locator("main a[href^='/espace/ministere/editeurs/']").first
    siren = str(vendor.get_attribute("href")).rsplit("/", 1)[1]
    slug = slug_of(page, siren, heading(page).inner_text().partition(" dans ")[2])
    page.get_by_label("Vérifier").check()
    page.get_by_role("button", name="Enregistrer").click()
    said(page)
    (entry, *_) = history(page, "ProductHistory", vendorSiren=siren, slug=slug)
    assert (entry["noun"], entry["action"]) == ("integration", "verify")


def slug_of(page: Page, siren: str, name: str) -> str:
    products = ask(page, OF_VENDOR, siren=siren)["vendor"]["products"]["edges"]
    return next(edge["node"]["slug"] for edge in products if edge["node"]["name"] == name)


def heading(page: Page) -> Any:
    return page.get_by_role("heading", level=1)


def said(page: Page) -> None:
    """What was just done is told."""
    expect(page.locator("main > .alert.good[role=status]")).to_be_visible()
