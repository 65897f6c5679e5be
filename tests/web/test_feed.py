"""The Atom feed of what was said last."""

from datetime import datetime
from xml.etree import ElementTree

import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.sides import AUBEPINE, EBENE
from tests.web.browsing import Browser

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
