"""A dispute from its opening to its end, as each side sees it."""

import base64

import pytest
import sqlalchemy as sa

from models import DisputeState, DisputeTransition, Source
from registry.database import Database
from registry.domain import histories
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.words import DISPUTE_STATES
from registry.web.french import capital
from tests.api.conftest import Written
from tests.api.sides import EBENE
from tests.web.browsing import Browser, Page
from tests.web.test_spaces.conftest import ELOISE, asked, surcharge

QUOTE = "https://eloise.example/devis.pdf"


async def opened(town: Browser, analyst: Browser, **given: object) -> Page:
    """The dispute, found by the ministry in its queue."""
    await asked(town, "OpenDispute", **surcharge() | given)
    page = await analyst.open("/espace/ministere/file", sorte="DISPUTE_TO_REVIEW")
    return await analyst.follow(page, "Éloise conteste Portail Familles")


async def move(browser: Browser, page: Page, **values: str) -> Page:
    return await browser.send(page.form(page.path), **values)


async def replied(vendor: Browser, analyst: Browser, page: Page) -> Page:
    page = await move(analyst, page, move="REVIEW")
    page = await move(analyst, page, move="ASK_REPLY")
    given = page.path.rsplit("/", 1)[1]
    said = await asked(vendor, "ReplyToDispute", dispute=dispute_id(given), reason="C’est à tort.")
    assert said["__typename"] == "Dispute", said
    theirs = await vendor.open(f"/espace/editeurs/{EBENE}/contestations/{given}")
    assert "Vous avez répondu le" in theirs.text
    assert "vous demandera votre réponse" not in theirs.text
    return await analyst.open(page.path)


def dispute_id(key: str) -> str:
    return base64.b64encode(f"Dispute:{key}".encode()).decode()


async def test_nothing_is_upheld_before_the_vendor_could_reply(
    eloise: Browser, analyst: Browser, written: Written
) -> None:
    page = await opened(eloise, analyst)
    assert "Reconnaître la contestation fondée : La contestation est d’abord mise" in page.text
    page = await move(analyst, page, move="REVIEW")
    assert "La contestation est à l’étude." in page.text
    assert "L’éditeur n’a pas encore pu répondre" in page.text
    before = await written()
    page = await move(analyst, page, move="UPHOLD", reason="Le devis le montre.")
    assert "Rien n’a été enregistré" in page.text
    assert "Le devis le montre." in page.text
    late = await move(analyst, page, move="ASK_REPLY", replyDueOn="2020-01-01", reason="Dites.")
    assert "Une date à venir, dans l’année, est attendue." in late.text
    assert await written() == before


async def test_upheld_after_the_reply(
    eloise: Browser, vendor: Browser, analyst: Browser, written: Written
) -> None:
    page = await replied(vendor, analyst, await opened(eloise, analyst))
    assert "C’est à tort." in page.text
    form = page.form(page.path)
    page = await analyst.send(form, move="UPHOLD", reason="Le devis le montre.", evidenceUrl=QUOTE)
    assert "La contestation est reconnue fondée." in page.text
    await analyst.send(form, move="UPHOLD", reason="Le devis le montre.", evidenceUrl=QUOTE)
    moves = [entry[:2] for entry in await written() if entry[1] == "dispute_transition"]
    assert [action for action, _ in moves] == ["open", "review", "ask", "reply", "uphold"]
    assert (await written())[-1][:2] == ("uphold", "commitment")
    home = await eloise.open(f"/espace/collectivites/{ELOISE}")
    assert "Lire ce que le ministère a décidé de la contestation de Portail Familles" in home.text
    theirs = await eloise.follow(home, "Lire ce que le ministère a décidé")
    assert "État : Reconnue fondée" in theirs.text
    assert QUOTE in theirs.reply.text
    vendors = await analyst.open(f"/espace/ministere/editeurs/{EBENE}")
    assert "Reconnue fondée" in vendors.text


async def test_a_breach_is_over_once_the_ministry_accepts_again(
    eloise: Browser, vendor: Browser, analyst: Browser, written: Written
) -> None:
    page = await replied(vendor, analyst, await opened(eloise, analyst))
    await move(analyst, page, move="UPHOLD")
    queue = await analyst.open("/espace/ministere/file", sorte="COMMITMENT_BREACHED")
    page = await analyst.follow(queue, "L’engagement d’Ébène Logiciels")
    missing = await analyst.send(page.form(page.path, "Rétablir l’engagement"))
    assert "Rien n’a été enregistré" in missing.text
    done = await analyst.send(
        missing.form(page.path, "Rétablir l’engagement"), reason="Le surcoût est retiré."
    )
    assert "L’engagement est rétabli tel qu’il avait été signé." in done.text
    assert (await written())[-1][:2] == ("accept", "commitment")


@pytest.mark.parametrize("state", DisputeState)
async def test_its_state_is_told_alike_to_the_town_and_to_the_ministry(
    eloise: Browser, analyst: Browser, database: Database, state: DisputeState
) -> None:
    page = await opened(eloise, analyst)
    async with database.transaction(ADMINISTRATOR) as session:
        number = int(page.path.rsplit("/", 1)[1])
        values = {"dispute_id": number, "declared_by": Source.MINISTRY, "effective_on": today()}
        last = await session.scalar(sa.select(DisputeTransition))
        if state is not DisputeState.OPEN:
            await histories.add(session, last, DisputeTransition(state=state, **values))
    for browser, space in ((eloise, f"collectivites/{ELOISE}"), (analyst, "ministere")):
        told = await browser.open(f"/espace/{space}/contestations/{number}")
        assert f"État : {capital(DISPUTE_STATES[state])} , depuis le" in told.text


async def test_why_it_was_dismissed_is_read_by_the_parties_alone(
    eloise: Browser, neighbour: Browser, public: Browser, analyst: Browser
) -> None:
    page = await opened(
        eloise,
        analyst,
        kind="INTEGRATION",
        service="FRANCECONNECT_V2",
        surchargeKind=None,
        amountCents=None,
    )
    page = await move(analyst, page, move="REVIEW")
    await move(analyst, page, move="DISMISS", reason="Votre version est trop ancienne.")
    for address in (f"/collectivites/{ELOISE}", f"/collectivites/{ELOISE}/courrier"):
        for stranger in (public, neighbour):
            assert "écartée" not in (await stranger.open(address)).text
    told = (await eloise.open(f"/collectivites/{ELOISE}")).text
    assert "a été écartée par le ministère, avec ce motif : « Votre version est trop" in told


async def test_dismissed_then_reopened_by_the_town(
    eloise: Browser, vendor: Browser, analyst: Browser
) -> None:
    page = await replied(vendor, analyst, await opened(eloise, analyst))
    silent = await move(analyst, page, move="DISMISS")
    assert "Un motif est attendu : la collectivité le lira." in silent.text
    page = await move(analyst, silent, move="DISMISS", reason="Le devis portait sur autre chose.")
    assert "La contestation est écartée." in page.text
    theirs = await eloise.open(page.path.replace("ministere", f"collectivites/{ELOISE}"))
    assert "Le devis portait sur autre chose." in theirs.text
    wrong = await eloise.send(theirs.form(theirs.path), reason="Voici un second devis.")
    assert "La pièce nouvelle est attendue." in wrong.text
    assert "Voici un second devis." in wrong.text
    done = await eloise.send(wrong.form(theirs.path), evidenceUrl=QUOTE)
    assert "La contestation est rouverte." in done.text
    listed = await analyst.open("/espace/ministere/contestations", etat="UNDER_REVIEW")
    assert "Éloise" in listed.text
    rows = (await analyst.client.get("/espace/ministere/contestations.json?etat=OPEN")).json()
    assert rows == []
    own = f"/espace/collectivites/{ELOISE}/contestations"
    assert (
        "Vous n’avez rien contesté qui soit dans cet état."
        in (await eloise.open(own, etat="UPHELD")).text
    )
    rows = (await eloise.client.get(f"{own}.json?etat=UNDER_REVIEW&tri=OLDEST")).json()
    assert [row["state"] for row in rows] == ["UNDER_REVIEW"]


@pytest.mark.parametrize(
    "place", ["/espace/ministere/contestations", f"/espace/collectivites/{ELOISE}/contestations"]
)
async def test_the_oldest_come_first_where_it_is_asked(
    eloise: Browser, analyst: Browser, place: str
) -> None:
    first = await opened(eloise, analyst)
    own = await eloise.open(first.path.replace("ministere", f"collectivites/{ELOISE}"))
    await eloise.send(own.form(own.path), move="WITHDRAW")
    await opened(eloise, analyst)
    visitor = analyst if "ministere" in place else eloise
    latest = (await visitor.client.get(f"{place}.json")).json()
    oldest = (await visitor.client.get(f"{place}.json?tri=OLDEST")).json()
    assert len(latest) == 2
    assert oldest == latest[::-1]
    refused = await visitor.open(place, tri="poneys")
    assert refused.status == 400
    assert "« poneys » n’est pas de la liste" in refused.text
