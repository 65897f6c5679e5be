"""Every list of a space narrows, sorts both ways, and is a file too."""

import csv
import io

from tests.api.sides import EBENE, SILENT, TOWN
from tests.web.browsing import Browser
from tests.web.test_spaces.conftest import asked, surcharge

QUEUE = "/espace/ministere/file"
DELEGATES = f"/espace/collectivites/{TOWN}/delegues"
ADDRESSES = ("une@organisation.example", "deux@organisation.example")


async def rows(browser: Browser, path: str, **query: str) -> list[dict[str, str]]:
    """Of the file that the page of the list offers."""
    page = await browser.open(path, **query)
    written = (await browser.client.get(page.link("CSV"))).text
    return [*csv.DictReader(io.StringIO(written))]


async def test_the_queue_sorts_both_ways_and_says_whose_turn_it_is(
    analyst: Browser, eloise: Browser
) -> None:
    await asked(analyst, "InviteCommitment", vendorSiren=SILENT)
    await asked(eloise, "OpenDispute", **surcharge())
    oldest = await rows(analyst, QUEUE)
    assert {row["waiting_for"] for row in oldest} == {"MINISTRY", "VENDOR"}
    assert await rows(analyst, QUEUE, tri="LATEST") == oldest[::-1]
    theirs = await rows(analyst, QUEUE, de="VENDOR")
    assert [row["kind"] for row in theirs] == ["INVITATION_UNANSWERED"]
    assert await rows(analyst, QUEUE, de="MINISTRY") == [
        row for row in oldest if row["waiting_for"] == "MINISTRY"
    ]
    none = await analyst.open(QUEUE, de="VENDOR", sorte="DISPUTE_TO_REVIEW")
    assert "Rien n’attend qui réponde à ces critères." in none.text
    home = await analyst.open("/espace/ministere")
    own = len(oldest) - len(theirs)
    assert f"{len(oldest)} dossiers attendent une suite, dont {own} de vous" in home.text
    assert await rows(analyst, home.link("de vous")) == await rows(analyst, QUEUE, de="MINISTRY")


async def test_delegates_past_and_present(
    secretary: Browser, vendor: Browser, public: Browser
) -> None:
    for email in ADDRESSES:
        form = (await secretary.open(DELEGATES)).form("/delegues")
        await secretary.send(form, email=email, delegateSiren=EBENE)
    assert [row["email"] for row in await rows(secretary, DELEGATES)] == [*ADDRESSES[::-1]]
    earliest = await secretary.open(DELEGATES, tri="OLDEST")
    await secretary.send(earliest.form("/fin", f"Mettre fin à la délégation de {ADDRESSES[0]}"))
    assert [row["email"] for row in await rows(secretary, DELEGATES)] == [ADDRESSES[1]]
    (ended,) = await rows(secretary, DELEGATES, finies="oui")
    assert (ended["email"], ended["delegate_siren"]) == (ADDRESSES[0], EBENE)
    assert ended["ended_at"]
    wrong = await secretary.open(DELEGATES, tri="zzz")
    assert (wrong.status, wrong.link("zzz")) == (400, "#filtre-tri")
    assert (await vendor.open(f"{DELEGATES}.csv")).status == 403
    assert "connexion" in (await public.open(f"{DELEGATES}.csv")).path
