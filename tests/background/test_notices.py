"""What is decided is told to those it concerns, in the transaction that decides it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from models import (
    Campaign,
    Collectivite,
    Commitment,
    CommitmentState,
    Demarche,
    Dispute,
    DisputeKind,
    DisputeState,
    DisputeTransition,
    GrantClaim,
    GrantClaimState,
    GrantClaimTransition,
    Integration,
    IntegrationState,
    Product,
    Service,
    Source,
    Vendor,
)
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, PUBLIC, Actor, Role
from registry.domain.messages import (
    Letter,
    notify_commitment,
    notify_dispute,
    notify_grant,
    notify_review,
    post,
)
from tests.background.conftest import Outbox, SignIn
from tests.factories import STRANGER, add, commune, establishment, product, siren, vendor

CONTACT, TOWN = "contact@editeur.example", "mairie@ville.example"
MINISTRY = Actor(Role.MINISTRY, "token:1")
SAID = {"effective_on": date(2026, 1, 1), "declared_by": Source.MINISTRY}


@dataclass(frozen=True)
class Parties:
    vendor: Vendor
    product: Product
    town: Collectivite


@pytest.fixture
async def parties(database: Database, sign_in: SignIn) -> Parties:
    async with database.transaction(ADMINISTRATOR) as session:
        owner, town = vendor(99990100, "Éditeur", contact=CONTACT), commune("01008", "Ville", 900)
        await add(session, owner, town)
        used = product(owner, "famille", "Famille", Demarche.PERISCOLAIRE)
        await add(session, used)
    await sign_in(establishment(siren(21001008)), TOWN)
    return Parties(owner, used, town)


async def told(outbox: Outbox) -> list[tuple[str, str]]:
    return [(row.recipient, row.subject) for row in await outbox()]


@pytest.mark.parametrize("state", CommitmentState)
async def test_an_invitation(
    database: Database, outbox: Outbox, parties: Parties, state: CommitmentState
) -> None:
    step = Commitment(vendor_id=parties.vendor.recorded_id, state=state, **SAID)
    async with database.transaction(MINISTRY) as session:
        await add(session, step)
        for _ in range(2):
            await notify_commitment(session, step)
    invited = [(CONTACT, "Vous êtes invité à vous engager sur l’absence de surcoût")]
    assert await told(outbox) == (invited if state is CommitmentState.INVITED else [])


@pytest.mark.parametrize(
    ("state", "subject"),
    [
        (IntegrationState.SANDBOX, "Une de vos déclarations est renvoyée par le ministère"),
        (IntegrationState.SUSPENDED, "Une de vos déclarations est suspendue par le ministère"),
    ],
)
async def test_a_declaration_sent_back(
    database: Database, outbox: Outbox, parties: Parties, state: IntegrationState, subject: str
) -> None:
    step = Integration(
        product_id=parties.product.recorded_id,
        service=Service.FRANCECONNECT_V2,
        state=state,
        reason="La preuve manque.",
        **SAID,
    )
    async with database.transaction(MINISTRY) as session:
        await add(session, step)
        await notify_review(session, step)
    assert await told(outbox) == [(CONTACT, subject)]
    (row,) = await outbox()
    assert "la déclaration sur FranceConnect v2 pour Famille" in row.body
    assert "Motif : La preuve manque." in row.body
    async with database.transaction(MINISTRY) as session:
        step.review = "Elle manque toujours."
        await notify_review(session, step)
        await notify_review(session, step)
    assert len(await outbox()) == 2


async def dispute(database: Database, parties: Parties, **values: Any) -> None:
    contested = Dispute(
        collectivite_id=parties.town.recorded_id,
        product_id=parties.product.recorded_id,
        kind=DisputeKind.SURCHARGE,
        statement="Un devis",
    )
    async with database.transaction(MINISTRY) as session:
        await add(session, contested)
        step = DisputeTransition(dispute_id=contested.recorded_id, **values, **SAID)
        await add(session, step)
        await notify_dispute(session, contested, step)


@pytest.mark.parametrize(
    ("values", "expected", "said"),
    [
        (
            {"state": DisputeState.OPEN},
            [(CONTACT, "Un de vos logiciels est contesté")],
            "Ville signale un surcoût pour Famille.",
        ),
        (
            {"state": DisputeState.AWAITING_REPLY, "reply_due_on": date(2026, 2, 1)},
            [(CONTACT, "Contestation : votre réponse est attendue")],
            "Votre réponse est attendue le 01/02/2026 au plus tard.",
        ),
        (
            {"state": DisputeState.UPHELD, "reason": "Le devis est clair."},
            [(CONTACT, "Contestation fondée"), (TOWN, "Contestation fondée")],
            "Motif : Le devis est clair.",
        ),
        (
            {"state": DisputeState.DISMISSED},
            [(CONTACT, "Contestation non fondée"), (TOWN, "Contestation non fondée")],
            "Le ministère tient pour non fondée la contestation de Ville sur Famille.",
        ),
        ({"state": DisputeState.UNDER_REVIEW}, [], ""),
        ({"state": DisputeState.WITHDRAWN}, [], ""),
    ],
)
async def test_each_step_of_a_dispute(
    database: Database,
    outbox: Outbox,
    parties: Parties,
    values: dict[str, Any],
    expected: list[tuple[str, str]],
    said: str,
) -> None:
    await dispute(database, parties, **values)
    assert await told(outbox) == expected
    assert all(said in row.body for row in await outbox())


async def test_the_successor_of_a_merged_town_is_told(
    database: Database, outbox: Outbox, parties: Parties, sign_in: SignIn
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        heir = commune("01009", "Ville nouvelle", 2000)
        await add(session, heir)
        town = await session.get_one(Collectivite, parties.town.id)
        town.closed_on, town.successor_id = date(2026, 1, 1), heir.id
    await sign_in(establishment(siren(21001009)), "mairie@nouvelle.example")
    await dispute(database, parties, state=DisputeState.UPHELD)
    assert [row.recipient for row in await outbox()] == [CONTACT, "mairie@nouvelle.example"]


@pytest.mark.parametrize("state", GrantClaimState)
async def test_each_decision_on_a_grant(
    database: Database, outbox: Outbox, parties: Parties, state: GrantClaimState
) -> None:
    async with database.transaction(MINISTRY) as session:
        campaign = (await session.scalars(sa.select(Campaign))).one()
        claim = GrantClaim(
            campaign_id=campaign.recorded_id,
            collectivite_id=parties.town.recorded_id,
            amount_cents=500000,
        )
        await add(session, claim)
        step = GrantClaimTransition(
            grant_claim_id=claim.recorded_id, state=state, reason="Motivé.", **SAID
        )
        await add(session, step)
        await notify_grant(session, claim, step)
    decided = {
        GrantClaimState.CHANGES_REQUESTED: "Votre demande de subvention est à compléter",
        GrantClaimState.ACCEPTED: "Votre demande de subvention est acceptée",
        GrantClaimState.REJECTED: "Votre demande de subvention est refusée",
        GrantClaimState.PAID: "Votre subvention est versée",
        GrantClaimState.RECOVERY_REQUESTED: "Le reversement de votre subvention est demandé",
    }
    assert await told(outbox) == ([(TOWN, decided[state])] if state in decided else [])


async def test_what_is_undone_is_not_told(
    database: Database, outbox: Outbox, parties: Parties
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(MINISTRY) as session:
            step = Commitment(
                vendor_id=parties.vendor.recorded_id, state=CommitmentState.INVITED, **SAID
            )
            await add(session, step)
            await notify_commitment(session, step)
            raise ZeroDivisionError
    assert await outbox() == []


async def test_whoever_is_signed_in_posts_and_nobody_else_changes(
    database: Database, outbox: Outbox
) -> None:
    """A collectivité that opens a dispute writes to the vendor; it can't touch what was posted."""
    letter = Letter("clé", [CONTACT], "sujet", "corps")
    async with database.transaction(STRANGER) as session:
        await post(session, letter)
        await session.execute(sa.text("UPDATE message SET body = 'autre', sent_at = now()"))
    (row,) = await outbox()
    assert (row.body, row.sent_at) == ("corps", None)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.transaction(PUBLIC) as session:
            await post(session, Letter("autre", [CONTACT], "sujet", "corps"))
