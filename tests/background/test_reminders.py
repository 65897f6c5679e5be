"""What is coming is told in time, once, to those who can do something about it."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import (
    Commitment,
    CommitmentState,
    Demarche,
    Dispute,
    DisputeKind,
    DisputeState,
    DisputeTransition,
    EvidenceLevel,
    Integration,
    IntegrationState,
    Service,
    Source,
)
from registry.background import remind as remind_today
from registry.background import send_messages
from registry.database import Database
from registry.domain.accounts import Person
from registry.domain.actor import ADMINISTRATOR, REGISTRY, SIGN_IN
from registry.domain.clock import today
from registry.domain.messages import remind
from registry.domain.web_sessions import open_session
from registry.settings import Settings
from tests.background.conftest import Mailbox, Outbox, SignIn
from tests.factories import add, commune, establishment, product, siren, vendor

DAY = timedelta(days=1)
EDITEUR = siren(99990100)
CONTACT = "contact@editeur.example"


async def signed(database: Database, until: date, **values: Any) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        owner = vendor(99990100, "Éditeur", contact=CONTACT)
        await add(session, owner)
        said = {"state": CommitmentState.SIGNED, "declared_by": Source.VENDOR} | values
        row = Commitment(
            vendor_id=owner.recorded_id,
            effective_on=date(2024, 1, 1),
            valid_until=until,
            **said,
        )
        await add(session, row)


async def on(database: Database, day: date) -> None:
    async with database.transaction(REGISTRY) as session:
        await remind(session, day, 12)


async def test_a_reminder_arrives(
    database: Database, smtp: Settings, mailbox: Mailbox, outbox: Outbox
) -> None:
    until = today() + 30 * DAY
    await signed(database, until)
    assert await remind_today(database, smtp) is False
    assert await send_messages(database, smtp)
    (email,) = mailbox.received
    assert email["To"] == CONTACT
    assert email["Subject"] == f"Votre engagement sans surcoût prend fin le {until:%d/%m/%Y}"
    assert email.get_content().replace("\r\n", "\n") == (
        f"Bonjour,\n\n"
        f"L’engagement sans surcoût d’Éditeur prend fin le {until:%d/%m/%Y}.\n\n"
        "Sans nouvelle signature d’ici là, il se lira comme expiré, et vos clients ne sauront plus"
        " si FranceConnect leur est offert sans surcoût.\n\n"
        "Pour le renouveler :\n\n"
        f"https://raccord.example/editeurs/{EDITEUR}\n\n"
        "-- \nRaccord, le registre de la charte FranceConnect\n"
        "Ce message est automatique : les réponses ne sont pas lues.\n"
    )
    (row,) = await outbox()
    assert row.key.startswith("commitment:")
    assert row.key.endswith(":30")


async def test_sixty_thirty_and_seven_days_before_and_never_twice(
    database: Database, outbox: Outbox
) -> None:
    until = date(2027, 6, 30)
    await signed(database, until)
    told = []
    for left in range(65, -3, -1):
        before = len(await outbox())
        for _ in range(2):
            await on(database, until - left * DAY)
        told += [left] * (len(await outbox()) - before)
    assert told == [60, 30, 7]


@pytest.mark.parametrize(
    ("left", "threshold"), [(59, 60), (31, 60), (29, 30), (8, 30), (6, 7), (1, 7), (0, 7)]
)
async def test_a_missed_day_is_caught_up_with_the_nearest_alone(
    database: Database, outbox: Outbox, left: int, threshold: int
) -> None:
    until = date(2027, 6, 30)
    await signed(database, until)
    await on(database, until - left * DAY)
    (row,) = await outbox()
    assert row.key.endswith(f":{threshold}")


@pytest.mark.parametrize("state", CommitmentState)
async def test_only_what_stands_is_reminded_of(
    database: Database, outbox: Outbox, state: CommitmentState
) -> None:
    await signed(database, today() + 7 * DAY, state=state)
    await on(database, today())
    stands = state in (CommitmentState.SIGNED, CommitmentState.BREACH_ALLEGED)
    assert len(await outbox()) == int(stands)


async def test_what_was_replaced_is_not_reminded_of(database: Database, outbox: Outbox) -> None:
    await signed(database, today() + 7 * DAY, effective_until=today())
    await on(database, today())
    assert await outbox() == []


async def test_two_machines_post_it_once(database: Database, outbox: Outbox) -> None:
    await signed(database, today() + 7 * DAY)
    await asyncio.gather(*(on(database, today()) for _ in range(4)))
    assert len(await outbox()) == 1


async def test_those_who_signed_in_lately_are_told_too(
    database: Database, sign_in: SignIn, outbox: Outbox
) -> None:
    await signed(database, today() + 7 * DAY)
    await sign_in(establishment(EDITEUR), "Une.Personne@editeur.example", 12)
    await sign_in(establishment(EDITEUR), CONTACT.upper())
    await sign_in(establishment(siren(99990101)), "autre@autre.example")
    await sign_in(establishment(EDITEUR), "partie@editeur.example", 14)
    await on(database, today())
    assert [row.recipient for row in await outbox()] == [CONTACT, "une.personne@editeur.example"]


async def test_a_session_that_was_opened_makes_a_recipient(
    database: Database, outbox: Outbox
) -> None:
    await signed(database, today() + 7 * DAY)
    person = Person("https://idp.example", "1", establishment(EDITEUR), "elle@editeur.example")
    async with database.transaction(SIGN_IN) as session:
        await open_session(session, person, bytes(32))
    await on(database, today())
    assert [row.recipient for row in await outbox()] == [CONTACT, "elle@editeur.example"]


async def test_a_contact_that_is_a_page_gets_no_message(database: Database, outbox: Outbox) -> None:
    await signed(database, today() + 7 * DAY)
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(sa.text("UPDATE vendor SET contact = 'https://editeur.example/@a'"))
    await on(database, today())
    assert await outbox() == []


async def test_a_reply_is_awaited_seven_days_and_one_day_before(
    database: Database, outbox: Outbox
) -> None:
    due = date(2027, 6, 30)
    async with database.transaction(ADMINISTRATOR) as session:
        owner, town = vendor(99990100, "Éditeur", contact=CONTACT), commune("01008", "Ville", 900)
        await add(session, owner, town)
        used = product(owner, "famille", "Famille", Demarche.PERISCOLAIRE)
        await add(session, used)
        contested = Dispute(
            collectivite_id=town.recorded_id,
            product_id=used.recorded_id,
            kind=DisputeKind.SURCHARGE,
            statement="Un devis",
        )
        await add(session, contested)
        await add(
            session,
            DisputeTransition(
                dispute_id=contested.recorded_id,
                state=DisputeState.AWAITING_REPLY,
                reply_due_on=due,
                effective_on=date(2027, 6, 1),
                declared_by=Source.MINISTRY,
            ),
        )
    told = []
    for left in range(10, -3, -1):
        before = len(await outbox())
        await on(database, due - left * DAY)
        told += [left] * (len(await outbox()) - before)
    assert told == [7, 1]
    last = (await outbox())[0]
    assert last.subject == "Contestation : votre réponse est attendue le 30/06/2027 au plus tard"
    assert "la contestation qui vise Famille est attendue le 30/06/2027" in last.body


async def test_what_grew_old_is_listed_once_a_month(database: Database, outbox: Outbox) -> None:
    """A declaration of 10 May 2026 is a year old in May 2027, which June tells."""
    said = {"declared_by": Source.VENDOR, "state": IntegrationState.QUALIFIED}
    async with database.transaction(ADMINISTRATOR) as session:
        owner = vendor(99990100, "Éditeur", contact=CONTACT)
        await add(session, owner)
        products = [
            product(owner, slug, slug.title(), Demarche.AUTRE)
            for slug in ("avril", "famille", "guichet", "juin", "ministere", "retire")
        ]
        products[-1].retired_on = date(2027, 1, 1)
        await add(session, *products)
        days = {
            "avril": date(2026, 4, 30),
            "juin": date(2026, 6, 1),
            "guichet": date(2026, 5, 31),
        }
        await add(
            session,
            *(
                Integration(
                    product_id=row.recorded_id,
                    service=Service.FRANCECONNECT_V2,
                    effective_on=days.get(row.slug, date(2026, 5, 10)),
                    evidence_level=EvidenceLevel.SELF_DECLARED,
                    **said | ({"declared_by": Source.MINISTRY} if row.slug == "ministere" else {}),
                )
                for row in products
            ),
        )
    for day in (3, 4, 30):
        await on(database, date(2027, 6, day))
    (row,) = await outbox()
    assert row.key.endswith(":2027-06")
    assert "- Famille : FranceConnect v2\n- Guichet : FranceConnect v2\n\n" in row.body
    assert not any(name in row.body for name in ("Avril", "Juin", "Ministere", "Retire"))
    await on(database, date(2027, 7, 1))
    assert len(await outbox()) == 2
