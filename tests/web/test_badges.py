"""The badge of a product, as other sites embed it."""

from datetime import date
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.web.french import day
from tests.api.sides import AUBEPINE, CEDRE, EBENE, SILENT
from tests.factories import YEAR
from tests.web.browsing import Browser

BADGE = f"/badges/{EBENE}/famille.svg"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (f"{EBENE}/famille", "prêt · étayé · {earlier} · à confirmer"),
        (
            f"{AUBEPINE}/guichet",
            f"avec surcoût · auto-déclaré · {day(date(2024, 2, 1))} · à confirmer",
        ),
        (f"{CEDRE}/cantine", "coût inconnu · auto-déclaré · {today} · à confirmer"),
        (f"{EBENE}/interne", "non concerné · {today}"),
        (f"{SILENT}/mairie", "n’a rien déclaré à ce jour ({today})"),
    ],
)
async def test_it_says_the_state_its_proof_and_its_date(
    key: str, said: str, public: Browser
) -> None:
    said = said.format(today=day(today()), earlier=day(today() - YEAR / 2))
    reply = await public.client.get(f"/badges/{key}.svg")
    assert reply.headers["content-type"] == "image/svg+xml"
    picture = ElementTree.fromstring(reply.text)
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert words == ["FranceConnect", said]
    title = picture.find(f"{SVG}title")
    assert title is not None
    assert said in (title.text or "")
    assert "style" not in reply.text
    widths = [float(rect.get("width", 0)) for rect in picture.iter(f"{SVG}rect")]
    assert sum(widths) == float(picture.get("width", 0))


async def test_any_site_may_embed_it_and_ask_whether_it_changed(public: Browser) -> None:
    reply = await public.client.get(BADGE)
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
    assert reply.headers["cache-control"] == "public, max-age=300"
    assert "set-cookie" not in reply.headers
    again = await public.client.get(BADGE, headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_it_turns_when_the_state_does(public: Browser, database: Database) -> None:
    before = await public.client.get(BADGE)
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE integration SET evidence_level = 'VERIFIED'"))
    after = await public.client.get(BADGE, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert "prêt · vérifié" in after.text


async def test_a_former_key_leads_to_the_present_one(public: Browser) -> None:
    reply = await public.client.get(f"/badges/{AUBEPINE}/ancien.svg", follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (308, BADGE)
    assert (await public.client.get(f"/badges/{EBENE}/rien.svg")).status_code == 404


async def test_it_is_the_same_for_everyone(public: Browser, vendor: Browser) -> None:
    assert (await vendor.client.get(BADGE)).text == (await public.client.get(BADGE)).text
