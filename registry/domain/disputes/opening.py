"""A collectivité contests what is said of a product that it uses."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Collectivite,
    Deployment,
    Dispute,
    DisputeKind,
    DisputeState,
    DisputeTransition,
    Integration,
    Product,
    Service,
    SurchargeKind,
)
from registry.domain import collectivites, histories, ledger, products, texts, turns
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.collectivites import HEIR
from registry.domain.disputes import consequences
from registry.domain.disputes.consequences import Author
from registry.domain.disputes.reading import OPEN_STATES
from registry.domain.errors import AlreadyExists, Checks, InvalidInput, NotAllowed, NotFound
from registry.domain.filters import among, in_force
from registry.domain.histories import Said
from registry.domain.messages import notify_dispute
from registry.domain.policy import Action, Subject, authorise, require_signed_in

LONGEST_STATEMENT = 2000
LARGEST_AMOUNT = 2_000_000_000
ALREADY_OPEN = "Une contestation de même objet est déjà ouverte sur ce logiciel."


@dataclass(frozen=True, slots=True)
class Subjects:
    """Who contests, and which product; former codes and keys will do."""

    collectivite: str
    vendor_siren: str
    product: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """``service`` for an integration alone; ``surcharge_kind`` and the amount for a surcharge."""

    kind: DisputeKind
    statement: str
    service: Service | None = None
    surcharge_kind: SurchargeKind | None = None
    amount_cents: int | None = None


async def open_dispute(
    session: AsyncSession, actor: Actor, about: Subjects, complaint: Complaint, said: Said
) -> Dispute:
    town = await _town(session, actor, about.collectivite)
    product = await products.by_key(session, about.vendor_siren, about.product, "product")
    if product is None:
        raise NotFound("product", f"Cet éditeur n’a pas de logiciel « {about.product} ».")
    values = _checked(complaint, said)
    await turns.take_turn_on(session, "product", product.recorded_id)
    await session.refresh(product)
    await _check_use(session, town, product)
    await _check_status(session, product, complaint)
    await _check_alone(session, town, product, complaint)
    author = Author(actor, authorise(actor, Action.OPEN_DISPUTE, _owned(town)).source, said)
    dispute = Dispute(collectivite_id=town.recorded_id, product_id=product.recorded_id, **values)
    session.add(dispute)
    await session.flush()
    return await _begin(session, author, product, dispute)


async def _begin(
    session: AsyncSession, author: Author, product: Product, dispute: Dispute
) -> Dispute:
    step = DisputeTransition(
        dispute_id=dispute.recorded_id,
        state=DisputeState.OPEN,
        **histories.author(author.actor, author.source, author.said),
    )
    await histories.add(session, None, step)
    await notify_dispute(session, dispute, step)
    commitments: list[int] = []
    if dispute.kind is DisputeKind.SURCHARGE:
        commitments = await consequences.allege(session, author, product)
    await ledger.append_each(
        session,
        "open",
        {
            "dispute": [dispute.recorded_id],
            "dispute_transition": [step.recorded_id],
            "commitment": commitments,
        },
    )
    return dispute


async def _town(session: AsyncSession, actor: Actor, code: str) -> Collectivite:
    require_signed_in(actor)
    town = await collectivites.by_code(session, code, "collectivite")
    if town is None:
        authorise(actor, Action.OPEN_DISPUTE)
        raise NotFound("collectivite", f"Aucune collectivité n’a le code « {code} ».")
    authorise(actor, Action.OPEN_DISPUTE, _owned(town))
    return town


def _owned(town: Collectivite) -> Subject:
    return Subject(collectivite=town.id)


def _checked(complaint: Complaint, said: Said) -> dict[str, Any]:
    values: dict[str, Any] = {"kind": complaint.kind, "service": complaint.service}
    checks = Checks()
    with checks:
        values["statement"] = texts.required("statement", complaint.statement, LONGEST_STATEMENT)
    with checks:
        _check_kind(complaint)
    with checks:
        values["surcharge_kind"] = complaint.surcharge_kind
        values["amount_cents"] = _amount(complaint.amount_cents)
    with checks:
        texts.url("evidence_url", said.evidence_url)
    with checks:
        histories.check_day(None, said.day)
    checks.settle()
    return values


def _check_kind(complaint: Complaint) -> None:
    contests = complaint.kind is DisputeKind.INTEGRATION
    checks = Checks()
    with checks:
        if contests and complaint.service is None:
            raise InvalidInput("service", "Le service contesté est attendu.")
        if not contests and complaint.service is not None:
            raise InvalidInput("service", "Un surcoût ne désigne pas de service.")
    with checks:
        if contests and complaint.surcharge_kind is not None:
            raise InvalidInput("surcharge_kind", "Une intégration contestée n’a pas de surcoût.")
    with checks:
        if contests and complaint.amount_cents is not None:
            raise InvalidInput("amount_cents", "Une intégration contestée n’a pas de montant.")
    checks.settle()


def _amount(cents: int | None) -> int | None:
    if cents is not None and not 0 < cents <= LARGEST_AMOUNT:
        raise InvalidInput("amount_cents", f"Un montant de 1 à {LARGEST_AMOUNT} est attendu.")
    return cents


async def _check_use(session: AsyncSession, town: Collectivite, product: Product) -> None:
    used = sa.select(col(Deployment.id)).where(
        col(Deployment.collectivite_id) == town.id,
        col(Deployment.product_id) == product.id,
        in_force(col(Deployment.since), col(Deployment.until), today()),
    )
    if not await session.scalar(used.limit(1)):
        raise NotAllowed(
            f"{town.name} n’utilise pas {product.name} aujourd’hui, d’après le registre :"
            " déclarer d’abord cet usage."
        )


async def _check_status(session: AsyncSession, product: Product, complaint: Complaint) -> None:
    """There must be something to contest."""
    said = sa.select(col(Integration.id)).where(
        col(Integration.product_id) == product.id, col(Integration.service) == complaint.service
    )
    if complaint.service is not None and not await session.scalar(said.limit(1)):
        raise NotFound("service", f"Rien n’est déclaré de {complaint.service} pour ce logiciel.")


async def _check_alone(
    session: AsyncSession, town: Collectivite, product: Product, complaint: Complaint
) -> None:
    if await is_open(session, town.recorded_id, product.recorded_id, complaint):
        raise AlreadyExists("product", ALREADY_OPEN)


async def is_open(
    session: AsyncSession, town: int, product: int, about: Complaint | Dispute
) -> bool:
    """Whether that collectivité, or one that it succeeded, has one open on the same."""
    step = DisputeTransition
    query = (
        sa.select(col(Dispute.id))
        .join(step, col(step.dispute_id) == col(Dispute.id))
        .join(Collectivite, col(Collectivite.id) == col(Dispute.collectivite_id))
        .where(
            among(HEIR, [town]),
            col(Dispute.product_id) == product,
            col(Dispute.kind) == about.kind,
            col(Dispute.service).is_not_distinct_from(about.service),
            col(step.effective_until).is_(None),
            col(step.state).in_(OPEN_STATES),
        )
    )
    return await session.scalar(query.limit(1)) is not None
