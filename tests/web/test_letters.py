"""The letter to a vendor fits the case, and says what the registry knows."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from models import (
    Commitment,
    CommitmentState,
    Integration,
    IntegrationState,
    Product,
    Service,
    Source,
)
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.web.french import day
from tests.api.sides import EBENE, NEIGHBOUR, READY, TOWN
from tests.factories import add
from tests.web.browsing import Browser

DAY = timedelta(days=1)
LATER, PAST = today() + timedelta(days=200), today() - timedelta(days=2)


async def say(database: Database, slug: str, *steps: Integration | Commitment) -> None:
    """By the vendor of that product."""
    async with database.transaction(ADMINISTRATOR) as session:
        used = await session.scalar(sa.select(Product).where(Product.slug == slug))
        assert used is not None
        for step in steps:
            step.product_id = used.recorded_id
            step.effective_on, step.declared_by = PAST, Source.VENDOR
            if isinstance(step, Commitment):
                step.vendor_id = used.vendor_id
        await add(session, *steps)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (READY, "Nous vous demandons d’activer FranceConnect pour notre collectivité"),
        ("01003", "Si des frais vous paraissent nécessaires"),
        ("01004", "FranceConnect y est prêt, mais nous n’en connaissons pas le prix."),
        (NEIGHBOUR, "vous n’avez rien déclaré à ce jour au sujet de FranceConnect"),
    ],
)
async def test_a_letter_fits_the_case(public: Browser, code: str, wanted: str) -> None:
    page = await public.follow(
        await public.open(f"/collectivites/{code}"), "Préparer le courrier à l’éditeur"
    )
    assert wanted in page.text
    assert "sans surcoût par rapport au même logiciel sans FranceConnect" in page.text


async def test_a_letter_is_filled_from_the_registry(public: Browser) -> None:
    page = await public.open(f"/collectivites/{READY}/courrier")
    assert "Notre collectivité, Éloise (Ain), utilise votre logiciel Portail Familles" in page.text
    assert "pour : périscolaire." in page.text
    assert "– FranceConnect v2 : qualifiée, à partir de la version 4.2" in page.text
    assert f"http://registry/editeurs/{EBENE}/famille" in page.text
    assert 'data-copy="courrier"' in page.reply.text


async def test_there_is_no_letter_where_there_is_nothing_to_ask(public: Browser) -> None:
    page = await public.open(f"/collectivites/{TOWN}/courrier")
    assert page.status == 404
    assert "Aucun courrier n’est utile." in page.text
    other = await public.open(f"/collectivites/{READY}/courrier", logiciel=f"{EBENE}/interne")
    assert other.status == 404


@pytest.mark.parametrize(
    ("service", "target", "wanted"),
    [
        (
            Service.FRANCECONNECT_V1,
            LATER,
            f"nous confirmer qu’il y sera disponible le {day(LATER)}",
        ),
        (
            Service.FRANCECONNECT_V1,
            PAST,
            f"la nouvelle date à laquelle il y sera disponible, celle du {day(PAST)} étant passée",
        ),
        (Service.API_PARTICULIER, LATER, "de nous indiquer à quelle date il y sera disponible"),
    ],
)
async def test_a_letter_asks_for_what_is_not_said_yet(
    public: Browser, database: Database, service: Service, target: date, wanted: str
) -> None:
    planned = Integration(service=service, state=IntegrationState.PLANNED, target_date=target)
    await say(database, "mairie", planned, Commitment(state=CommitmentState.SIGNED))
    page = await public.open(f"/collectivites/{NEIGHBOUR}/courrier")
    assert wanted.replace("\u00a0", " ") in page.text
    assert "sans surcoût, comme vous vous y êtes engagé" in page.text
    assert "vous engager" not in page.text


async def test_a_broken_commitment_is_not_to_be_signed(public: Browser, database: Database) -> None:
    page = await public.open("/collectivites/01003/courrier")
    assert "et de signer l’engagement de la charte" in page.text
    await say(database, "guichet", Commitment(state=CommitmentState.BREACHED))
    page = await public.open("/collectivites/01003/courrier")
    assert "comme vous vous y étiez engagé, et de revenir sur ce qui a été demandé" in page.text
    assert "signer l’engagement" not in page.text


async def test_a_signature_at_its_end_is_nobody_s_word(public: Browser, database: Database) -> None:
    """A breach was alleged while it stood, and its end is not recorded yet."""
    alleged = Commitment(state=CommitmentState.BREACH_ALLEGED, valid_until=today() - DAY)
    await say(database, "mairie", alleged)
    ended = f"arrivé à son terme{{}} le {day(today())}".replace("\u00a0", " ")
    page = await public.open(f"/collectivites/{NEIGHBOUR}/courrier")
    assert f"expiré ({ended.format('')})" in page.text
    page = await public.open(f"/collectivites/{NEIGHBOUR}")
    assert f"expiré . {ended.format(',')}" in page.text
