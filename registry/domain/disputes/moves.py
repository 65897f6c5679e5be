"""The steps of a dispute, and who takes them.

It is reopened by who lost it: the collectivité after a dismissal, the vendor after an upholding;
and by the ministry after either.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Collectivite, Dispute, DisputeKind, DisputeState, DisputeTransition, Product
from models import Source as Side
from registry.domain import histories, ledger, texts, turns
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.collectivites import HEIR
from registry.domain.disputes import consequences, reading
from registry.domain.disputes.consequences import Author
from registry.domain.disputes.opening import ALREADY_OPEN, is_open
from registry.domain.errors import AlreadyExists, Checks, InvalidInput, NotFound, NotInThisState
from registry.domain.histories import Said
from registry.domain.messages import notify_dispute
from registry.domain.policy import Action, Subject, authorise, require_signed_in
from registry.domain.transitions import DISPUTE, check

LONGEST_REASON = 2000
TIME_TO_REPLY = timedelta(days=30)
LONGEST_TIME_TO_REPLY = timedelta(days=365)

_S = DisputeState

ENDED = (_S.UPHELD, _S.DISMISSED)
EXAMINED = (_S.OPEN, _S.AWAITING_REPLY)

NO_REPLY_YET = (
    "L’éditeur n’a pas encore pu répondre : une contestation n’est reconnue fondée qu’après sa"
    " réponse, ou après l’échéance qui lui a été donnée."
)
ENDED_REOPENS = "Cette contestation est close : elle se rouvre sur pièce nouvelle."
NOT_ENDED = "Cette contestation n’est pas close : elle ne se rouvre pas."
NOT_ASKED = "Aucune réponse n’est attendue sur cette contestation."


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute whose steps nobody else moves now. ``town`` answers for it today."""

    dispute: Dispute
    product: Product
    town: int
    subject: Subject
    steps: Sequence[DisputeTransition]

    @property
    def last(self) -> DisputeTransition:
        return self.steps[-1]

    @property
    def state(self) -> DisputeState:
        return self.last.state


Consequence = Callable[[AsyncSession, Author, Case], Awaitable[dict[str, list[int]]]]


async def review(session: AsyncSession, actor: Actor, dispute_id: int, said: Said) -> Dispute:
    """The ministry begins, or stops waiting for a reply."""
    case, author = await _taken(session, actor, Action.EXAMINE_DISPUTE, dispute_id, said)
    _check_said(case, said)
    _check_from(case, EXAMINED, ENDED_REOPENS if case.state in ENDED else None)
    return await _move(session, author, "review", case, _S.UNDER_REVIEW)


async def ask_reply(
    session: AsyncSession, actor: Actor, dispute_id: int, due: date | None, said: Said
) -> Dispute:
    """The vendor has until ``due`` to reply; 30 days without one."""
    case, author = await _taken(session, actor, Action.EXAMINE_DISPUTE, dispute_id, said)
    reply_due_on = due or today() + TIME_TO_REPLY
    _check_said(case, said, due=reply_due_on)
    check(DISPUTE, case.state, _S.AWAITING_REPLY)
    return await _move(session, author, "ask", case, _S.AWAITING_REPLY, reply_due_on=reply_due_on)


async def reply(session: AsyncSession, actor: Actor, dispute_id: int, said: Said) -> Dispute:
    """The vendor's answer, late or not, is the reason of the step."""
    case, author = await _taken(session, actor, Action.REPLY_TO_DISPUTE, dispute_id, said)
    _check_said(case, said, reason="La réponse est attendue.")
    _check_from(case, (_S.AWAITING_REPLY,), NOT_ASKED)
    return await _move(session, author, "reply", case, _S.UNDER_REVIEW)


async def uphold(session: AsyncSession, actor: Actor, dispute_id: int, said: Said) -> Dispute:
    case, author = await _taken(session, actor, Action.EXAMINE_DISPUTE, dispute_id, said)
    _check_said(case, said)
    check(DISPUTE, case.state, _S.UPHELD)
    if not had_its_say(case, said.day):
        allowed = sorted(DISPUTE[case.state] - {_S.UPHELD})
        raise NotInThisState(NO_REPLY_YET, case.state, tuple(allowed))
    return await _move(session, author, "uphold", case, _S.UPHELD, _condemned)


async def dismiss(session: AsyncSession, actor: Actor, dispute_id: int, said: Said) -> Dispute:
    """The collectivité's next step shows why."""
    case, author = await _taken(session, actor, Action.EXAMINE_DISPUTE, dispute_id, said)
    _check_said(case, said, reason="Un motif est attendu : la collectivité le lira.")
    check(DISPUTE, case.state, _S.DISMISSED)
    return await _move(session, author, "dismiss", case, _S.DISMISSED, _cleared)


async def withdraw(session: AsyncSession, actor: Actor, dispute_id: int, said: Said) -> Dispute:
    case, author = await _taken(session, actor, Action.WITHDRAW_DISPUTE, dispute_id, said)
    _check_said(case, said)
    check(DISPUTE, case.state, _S.WITHDRAWN)
    return await _move(session, author, "withdraw", case, _S.WITHDRAWN, _cleared)


async def reopen(session: AsyncSession, actor: Actor, dispute_id: int, said: Said) -> Dispute:
    """On new evidence."""
    case, _ = await _taken(session, actor, Action.REOPEN_DISPUTE, dispute_id, said)
    _check_said(case, said, evidence="La pièce nouvelle est attendue.")
    _check_from(case, ENDED, NOT_ENDED)
    capacity = authorise(actor, Action.REOPEN_DISPUTE, case.subject, case.state)
    if await is_open(session, case.town, case.product.recorded_id, case.dispute):
        raise AlreadyExists("dispute", ALREADY_OPEN)
    author = Author(actor, capacity.source, said)
    return await _move(session, author, "reopen", case, _S.UNDER_REVIEW, _contested)


async def _taken(
    session: AsyncSession, actor: Actor, action: Action, dispute_id: int, said: Said
) -> tuple[Case, Author]:
    """The dispute, in turn with whoever else moves one on that product or its commitment.

    Raises ``NotFound`` to those alone who might move it if it existed.
    """
    require_signed_in(actor)
    found = (await session.execute(CASE.where(col(Dispute.id) == dispute_id))).one_or_none()
    if found is None:
        authorise(actor, action)
        raise NotFound("dispute", "Cette contestation n’existe pas.")
    dispute, product, town = found
    subject = parties(actor, product.vendor_id, town)
    capacity = authorise(actor, action, subject)
    await turns.take_turn_on(session, "product", product.recorded_id)
    await session.refresh(product)
    steps = (await reading.steps(session, [dispute_id]))[dispute_id]
    return Case(dispute, product, town, subject, steps), Author(actor, capacity.source, said)


CASE = (
    sa.select(Dispute, Product, HEIR)
    .join(Product, col(Product.id) == col(Dispute.product_id))
    .join(Collectivite, col(Collectivite.id) == col(Dispute.collectivite_id))
)


def parties(actor: Actor, vendor: int, town: int) -> Subject:
    """Nobody judges a case to which it is a party, as if the ministry had spoken already."""
    party = vendor in actor.vendors or town in actor.collectivites
    return Subject(vendor, town, said_by=Side.MINISTRY if party else None)


def _check_said(
    case: Case,
    said: Said,
    *,
    reason: str | None = None,
    evidence: str | None = None,
    due: date | None = None,
) -> None:
    """``reason`` and ``evidence``: what to answer where they are needed and absent."""
    checks = Checks()
    with checks:
        if texts.optional("reason", said.reason, LONGEST_REASON) is None and reason:
            raise InvalidInput("reason", reason)
    with checks:
        if texts.url("evidence_url", said.evidence_url) is None and evidence:
            raise InvalidInput("evidence_url", evidence)
    with checks:
        histories.check_day(case.last, said.day)
    with checks:
        if due is not None and not today() < due <= today() + LONGEST_TIME_TO_REPLY:
            raise InvalidInput("reply_due_on", "Une date à venir, dans l’année, est attendue.")
    checks.settle()


def _check_from(case: Case, states: Sequence[DisputeState], refusal: str | None) -> None:
    """Two steps that lead to the same state start from different ones."""
    check(DISPUTE, case.state, _S.UNDER_REVIEW)
    if case.state not in states:
        allowed = tuple(sorted(DISPUTE[case.state]))
        raise NotInThisState(refusal or ENDED_REOPENS, case.state, allowed)


def had_its_say(case: Case, day: date) -> bool:
    """Whether a reply was asked for, and came or was due before that day."""
    replied = any(
        step.state is _S.UNDER_REVIEW and step.declared_by is Side.VENDOR
        for step, before in zip(case.steps[1:], case.steps, strict=False)
        if before.state is _S.AWAITING_REPLY
    )
    return replied or any(step.reply_due_on and step.reply_due_on < day for step in case.steps)


async def _move(
    session: AsyncSession,
    author: Author,
    action: str,
    case: Case,
    state: DisputeState,
    consequence: Consequence | None = None,
    *,
    reply_due_on: date | None = None,
) -> Dispute:
    step = DisputeTransition(
        dispute_id=case.dispute.recorded_id,
        state=state,
        reply_due_on=reply_due_on,
        **histories.author(author.actor, author.source, author.said),
    )
    await histories.add(session, case.last, step)
    await notify_dispute(session, case.dispute, step)
    written = {"dispute_transition": [step.recorded_id]}
    if consequence is not None:
        written |= await consequence(session, author, case)
    await ledger.append_each(session, action, written)
    return case.dispute


async def _contested(session: AsyncSession, author: Author, case: Case) -> dict[str, list[int]]:
    if case.dispute.kind is not DisputeKind.SURCHARGE:
        return {}
    return {"commitment": await consequences.allege(session, author, case.product)}


async def _cleared(session: AsyncSession, author: Author, case: Case) -> dict[str, list[int]]:
    if case.dispute.kind is not DisputeKind.SURCHARGE:
        return {}
    return {"commitment": await consequences.restore(session, author, case.product)}


async def _condemned(session: AsyncSession, author: Author, case: Case) -> dict[str, list[int]]:
    if case.dispute.kind is DisputeKind.SURCHARGE:
        return {"commitment": await consequences.breach(session, author, case.product)}
    return {"integration": await consequences.suspend(session, author, case.dispute)}
