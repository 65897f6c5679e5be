"""Nobody enters another's space, by any of its addresses."""

import pytest

from models import Vendor
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.vendors import by_siren
from registry.web.spaces.vendors import SENT, SHOWN
from tests.api.conftest import Written
from tests.api.sides import AUBEPINE, CEDRE, EBENE
from tests.web.browsing import SENT as FROM_A_PAGE
from tests.web.browsing import Browser, Page
from tests.web.test_vendor_space.conftest import SPACE

GIVEN = {"slug": "famille", "service": "FRANCECONNECT_V2", "id": "1", "code": "01006"}


def addresses(pages: dict[str, object]) -> list[str]:
    return [SPACE + path.format(**GIVEN) for path in pages]


async def test_others_are_refused_everywhere(
    competitor: Browser, secretary: Browser, analyst: Browser, written: Written
) -> None:
    for browser in (competitor, secretary, analyst):
        for path in addresses({**SHOWN}):
            page = await browser.open(path)
            assert (page.status, "Seul l’éditeur peut le faire" in page.text) == (403, True), path
        for path in addresses({**SENT}):
            reply = await browser.client.post(path, data={"name": "x"}, headers=FROM_A_PAGE)
            page = Page(reply)
            assert (page.status, "Seul l’éditeur peut le faire" in page.text) == (403, True), path
    assert await written() == []


async def test_the_public_is_led_to_sign_in(public: Browser) -> None:
    for path in addresses({**SHOWN}):
        reply = await public.client.get(path, follow_redirects=False)
        assert (reply.status_code, reply.headers["location"][:11]) == (303, "/connexion?"), path


async def test_records_of_another_vendor_are_not_found_in_ones_own_space(
    vendor: Browser, competitor: Browser, written: Written
) -> None:
    clients = await vendor.open(f"{SPACE}/clients")
    use = clients.link("Ouvrir").rpartition("/")[2]
    own = f"/espace/editeurs/{AUBEPINE}"
    token = dict((await competitor.open(f"{own}/jetons")).form("/jetons").values)["_jeton"]
    for path in (f"clients/{use}", "logiciels/ancien", "logiciels/famille", "contestations/1"):
        assert (await competitor.open(f"{own}/{path}")).status == 404, path
    for path in (
        f"clients/{use}/fin",
        f"clients/{use}/confirmation",
        f"clients/{use}/services/FRANCECONNECT_V2",
        "logiciels/ancien/fiche",
        "logiciels/ancien/services/FRANCECONNECT_V2",
        "logiciels/ancien/services/FRANCECONNECT_V2/confirmation",
    ):
        data = {
            "_jeton": token,
            "version": "1",
            "state": "WITHDRAWN",
            "name": "x",
            "citizenLogin": "oui",
            "demarches": "PERISCOLAIRE",
        }
        reply = await competitor.client.post(f"{own}/{path}", data=data, headers=FROM_A_PAGE)
        assert reply.status_code == 404, path
    assert await written() == []


async def test_the_siren_of_a_merged_vendor_leads_to_the_one_it_became(
    database: Database, vendor: Browser
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        merged, target = await by_siren(session, CEDRE), await by_siren(session, EBENE)
        assert isinstance(merged, Vendor)
        assert isinstance(target, Vendor)
        merged.merged_into_id = target.id
        session.add(merged)
    page = await vendor.open(f"/espace/editeurs/{CEDRE}/clients", confirme="non")
    assert page.path == f"{SPACE}/clients?confirme=non"


async def test_what_no_vendor_has_is_told_plainly(vendor: Browser) -> None:
    for path in (
        "logiciels/rien",
        "clients/1x",
        "clients/99999",
        "fichiers/99999",
        "logiciels/famille/services/MINITEL",
        "contestations/99999",
    ):
        assert (await vendor.open(f"{SPACE}/{path}")).status == 404, path
    assert (await vendor.open(f"{SPACE}/clients", demarche="PECHE")).status == 400


@pytest.mark.parametrize("path", [path for path in SHOWN if "{" not in path])
async def test_every_plain_page_opens(vendor: Browser, path: str) -> None:
    page = await vendor.open(SPACE + path)
    assert page.status == 200, page.text
