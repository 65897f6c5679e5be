"""What was decided, told to those it concerns: called by whoever decides, in its transaction."""

import zlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Collectivite,
    Commitment,
    CommitmentState,
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
    Vendor,
)
from registry.domain import words
from registry.domain.messages import recipients
from registry.domain.messages.letters import body, collectivite_page, vendor_page
from registry.domain.messages.outbox import Letter, post

CONTESTED = {
    DisputeKind.INTEGRATION: "conteste l’état de l’intégration déclarée",
    DisputeKind.SURCHARGE: "signale un surcoût",
}
DECIDED = {DisputeState.UPHELD: "fondée", DisputeState.DISMISSED: "non fondée"}
GRANT = {
    GrantClaimState.CHANGES_REQUESTED: "Votre demande de subvention est à compléter",
    GrantClaimState.ACCEPTED: "Votre demande de subvention est acceptée",
    GrantClaimState.REJECTED: "Votre demande de subvention est refusée",
    GrantClaimState.PAID: "Votre subvention est versée",
    GrantClaimState.RECOVERY_REQUESTED: "Le reversement de votre subvention est demandé",
}


async def notify_commitment(session: AsyncSession, step: Commitment) -> None:
    """An invitation to commit, to the vendor; of any other step nothing is said."""
    if step.state is not CommitmentState.INVITED:
        return
    vendor = await session.get_one(Vendor, step.vendor_id)
    await _to_vendor(
        session,
        vendor,
        f"commitment:{step.recorded_id}",
        "Vous êtes invité à vous engager sur l’absence de surcoût",
        f"Le ministère invite {vendor.name} à s’engager à fournir FranceConnect sans surcoût par"
        " rapport au même logiciel sans lui, comme le prévoit la charte.",
        "Ne pas répondre n’est pas refuser. Pour lire la charte et signer, ou refuser :",
    )


async def notify_review(session: AsyncSession, step: Integration) -> None:
    """A declaration sent back or suspended by the ministry, to the vendor, with the reason."""
    product, vendor = await _product(session, step.product_id)
    suspended = step.state is IntegrationState.SUSPENDED
    done = "suspendu" if suspended else "renvoyé"
    reason = step.review or step.reason or ""
    await _to_vendor(
        session,
        vendor,
        f"integration:{step.recorded_id}:{step.reviewed_on}:{zlib.crc32(reason.encode()):08x}",
        f"Une de vos déclarations est {done}e par le ministère",
        f"Le ministère a {done} la déclaration sur {words.SERVICES[step.service]}"
        f" pour {product.name}.",
        *_reason(reason),
        "Pour la reprendre :",
    )


async def notify_dispute(session: AsyncSession, dispute: Dispute, step: DisputeTransition) -> None:
    """Opened or awaiting a reply: to the vendor. Upheld or dismissed: to both."""
    product, vendor = await _product(session, dispute.product_id)
    town = await session.get_one(Collectivite, dispute.collectivite_id)
    key = f"dispute_transition:{step.recorded_id}"
    if step.state is DisputeState.OPEN:
        await _to_vendor(
            session,
            vendor,
            key,
            "Un de vos logiciels est contesté",
            f"{town.name} {CONTESTED[dispute.kind]} pour {product.name}.",
            "Le ministère l’instruira, et demandera votre réponse avant de lui donner raison.",
        )
    elif step.state is DisputeState.AWAITING_REPLY:
        due = f" le {step.reply_due_on:%d/%m/%Y} au plus tard" if step.reply_due_on else ""
        await _to_vendor(
            session,
            vendor,
            key,
            "Contestation : votre réponse est attendue",
            f"{town.name} {CONTESTED[dispute.kind]} pour {product.name}."
            f" Votre réponse est attendue{due}.",
            "Pour répondre :",
        )
    elif step.state in DECIDED:
        said = (
            f"Contestation {DECIDED[step.state]}",
            f"Le ministère tient pour {DECIDED[step.state]} la contestation {words.of(town.name)}"
            f" sur {product.name}.",
            *_reason(step.reason),
        )
        await _to_vendor(session, vendor, key, *said)
        await _to_collectivite(session, town, key, *said)


async def notify_grant(
    session: AsyncSession, claim: GrantClaim, step: GrantClaimTransition
) -> None:
    """What the ministry decides of a claim, to the collectivité."""
    subject = GRANT.get(step.state)
    if subject is None:
        return
    town = await session.get_one(Collectivite, claim.collectivite_id)
    await _to_collectivite(
        session,
        town,
        f"grant_claim_transition:{step.recorded_id}",
        subject,
        f"{subject} ({town.name}).",
        *_reason(step.reason),
    )


async def _product(session: AsyncSession, product_id: int) -> tuple[Product, Vendor]:
    query = (
        sa.select(Product, Vendor)
        .join(Vendor, col(Vendor.id) == col(Product.vendor_id))
        .where(col(Product.id) == product_id)
    )
    product, vendor = (await session.execute(query)).one()
    return product, vendor


async def _to_vendor(
    session: AsyncSession, vendor: Vendor, key: str, subject: str, *paragraphs: str
) -> None:
    mailboxes = (await recipients.of_vendors(session, [vendor.recorded_id]))[vendor.recorded_id]
    text = body(vendor_page(vendor.siren), *paragraphs)
    await post(session, Letter(key, mailboxes, subject, text, vendor.siren))


async def _to_collectivite(
    session: AsyncSession, town: Collectivite, key: str, subject: str, *paragraphs: str
) -> None:
    mailboxes = (await recipients.of_collectivites(session, [town.recorded_id]))[town.recorded_id]
    text = body(collectivite_page(town.insee or town.siren or ""), *paragraphs)
    await post(session, Letter(key, mailboxes, subject, text, town.siren))


def _reason(reason: str | None) -> tuple[str, ...]:
    return (f"Motif : {reason}",) if reason else ()
