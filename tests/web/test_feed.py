"""The Atom feed of what was said last."""

from datetime import datetime
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.sides import AUBEPINE, EBENE, town
from tests.web.browsing import Browser
from tests.web.conftest import Open
from tests.web.test_spaces.conftest import asked

ATOM = "{http://www.w3.org/2005/Atom}"


async def read(public: Browser, **query: str) -> ElementTree.Element:
    reply = await public.client.get("/flux.atom", params=query)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("application/atom+xml")
    return ElementTree.fromstring(reply.content)


def text(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{ATOM}{name}")
    assert found is not None, name
    return (found.text or "").replace("\u00a0", " ")


async def test_it_is_an_atom_feed(public: Browser) -> None:
    feed = await read(public)
    assert text(feed, "id") == "tag:registry,2022-03-07:flux"
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 10
    assert len({text(entry, "id") for entry in entries}) == 10
    updates = [datetime.fromisoformat(text(entry, "updated")) for entry in entries]
    assert all(update.tzinfo for update in updates)
    assert datetime.fromisoformat(text(feed, "updated")) == max(updates)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == "http://registry/flux.atom"


async def test_an_entry_says_who_and_how_well_founded(public: Browser) -> None:
    entries = (await read(public, editeur=EBENE)).findall(f"{ATOM}entry")
    titles = [text(entry, "title") for entry in entries]
    assert len(titles) == 5
    assert (
        "Portail Familles (Ébène Logiciels) – Intégration de FranceConnect v2 : qualifiée" in titles
    )
    [signed] = [entry for entry in entries if text(entry, "title").endswith(": signé")]
    assert "Déclaré par l’éditeur, auto-déclaré" in text(signed, "summary")
    link = signed.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"http://registry/editeurs/{EBENE}"


async def test_a_new_step_comes_first(public: Browser, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("""
            INSERT INTO integration
                (product_id, service, state, effective_on, declared_by, reason, evidence_level)
            SELECT id, 'FRANCECONNECT_PLUS', 'SANDBOX', '2026-02-01', 'VENDOR', 'a < b & c',
                   'SELF_DECLARED'
            FROM product WHERE slug = 'guichet'
            """)
        )
    entry = (await read(public)).findall(f"{ATOM}entry")[0]
    assert "Guichet Été (Aubépine) – Intégration de FranceConnect+" in text(entry, "title")
    assert "Motif : a < b & c" in text(entry, "summary")
    assert len((await read(public, editeur=AUBEPINE)).findall(f"{ATOM}entry")) == 3


async def test_it_is_asked_whether_it_changed(public: Browser) -> None:
    tag = (await public.client.get("/flux.atom")).headers["etag"]
    again = await public.client.get("/flux.atom", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert (await public.open("/flux.atom", editeur="356000000")).status == 404


async def test_what_the_ministry_says_of_an_old_step_comes_first(
    public: Browser, vendor: Browser, analyst: Browser
) -> None:
    """The day that it was told is not enough: what was verified today was recorded today too."""
    v1 = {"vendorSiren": EBENE, "product": "famille", "service": "FRANCECONNECT_V1"}
    step = await asked(vendor, "RecordIntegration", **v1, state="QUALIFIED")
    other = {**v1, "service": "FRANCECONNECT_PLUS"}
    await asked(vendor, "RecordIntegration", **other, state="SANDBOX")
    before = (await read(public)).findall(f"{ATOM}entry")
    assert "FranceConnect+" in text(before[0], "title")
    done = await asked(
        analyst, "ReviewIntegration", **v1, step=step["id"], decision="VERIFY", reason=None
    )
    assert done["__typename"] == "Integration", done
    feed = await read(public)
    after = feed.findall(f"{ATOM}entry")
    assert text(after[0], "id") == text(before[1], "id")
    assert text(after[0], "updated") == text(feed, "updated") > text(before[0], "updated")
    assert "vérifié" in text(after[0], "summary")
    updates = [datetime.fromisoformat(text(entry, "updated")) for entry in after]
    assert updates == sorted(updates, reverse=True)


async def test_a_dispute_is_news_of_the_step_that_it_contests(
    public: Browser, browsers: Open
) -> None:
    dispute = {"collectivite": "01002", "vendorSiren": EBENE, "product": "famille"}
    eloise = await browsers(town("01002"))
    said = {"kind": "INTEGRATION", "service": "FRANCECONNECT_V2", "statement": "Rien ne marche."}
    made = await asked(eloise, "OpenDispute", **dispute, **said)
    assert made["__typename"] == "Dispute", made
    first = (await read(public)).findall(f"{ATOM}entry")[0]
    assert "FranceConnect v2" in text(first, "title")
    assert "contesté" in text(first, "summary")


@pytest.mark.parametrize(
    "path",
    [
        *("/flux.atom", "/collectivites", "/collectivites.csv", "/editeurs", "/logiciels.json"),
        *("/deploiement", "/deploiement/blocages.csv", "/deploiement/plan"),
    ],
)
async def test_what_can_t_be_asked_is_refused_not_ignored(public: Browser, path: str) -> None:
    page = await public.open(path, inconnu="01")
    assert page.status == 400
    assert "Cette adresse n’a pas de paramètre « inconnu » ; on peut demander : " in page.text


async def test_a_feed_is_narrowed_to_a_vendor_alone(public: Browser) -> None:
    page = await public.open("/flux.atom", departement="01")
    assert (page.status, "on peut demander : editeur." in page.text) == (400, True)
