from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from models import EvidenceLevel, Integration, IntegrationState, Product, Source
from registry.domain import histories, ledger, texts
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Conflict, InvalidInput
from registry.domain.histories import Said
from registry.domain.integrations.saying import Key, authorised, changed, known, level_of, read_by
from registry.domain.messages import notify_review
from registry.domain.policy import Action, Subject, authorise
from registry.domain.transitions import INTEGRATION, check

REASON_EXPECTED = "Un motif est attendu : l’éditeur le lira."


class Decision(StrEnum):
    """What the ministry makes of a declaration."""

    VERIFY = "VERIFY"
    SEND_BACK = "SEND_BACK"


async def review(
    session: AsyncSession,
    actor: Actor,
    key: Key,
    step_id: int,
    decision: Decision,
    reason: str | None,
) -> Integration:
    """The ministry's word on the step that it read. Sent back, a request for qualification
    returns to the sandbox; any other step stays, and stands on its author's word alone.
    """
    product = await authorised(session, actor, Action.REVIEW_INTEGRATION, key)
    last = await known(session, product, key.service)
    authorise(actor, Action.REVIEW_INTEGRATION, _as_declared(actor, product, last))
    said = texts.optional("reason", reason, histories.LONGEST_REASON)
    if decision is Decision.SEND_BACK and said is None:
        raise InvalidInput("reason", REASON_EXPECTED)
    step = await read_by(session, last, step_id)
    if decision is Decision.SEND_BACK and step.state is IntegrationState.QUALIFICATION_REQUESTED:
        return await _follow(session, actor, step, IntegrationState.SANDBOX, Said(reason=said))
    if decision is Decision.VERIFY and step.evidence_level is EvidenceLevel.VERIFIED:
        raise Conflict("Cette déclaration est déjà vérifiée.")
    verified = decision is Decision.VERIFY
    step.evidence_level = EvidenceLevel.VERIFIED if verified else EvidenceLevel.SELF_DECLARED
    step.reviewed_on, step.review = today(), said
    return await changed(session, "verify" if verified else "send_back", step)


async def suspend(session: AsyncSession, actor: Actor, key: Key, said: Said) -> Integration:
    """The ministry finds that what is qualified no longer works."""
    product = await authorised(session, actor, Action.REVIEW_INTEGRATION, key)
    last = await known(session, product, key.service)
    check(INTEGRATION, last.state, IntegrationState.SUSPENDED)
    if not (said.reason or "").strip():
        raise InvalidInput("reason", REASON_EXPECTED)
    return await _follow(session, actor, last, IntegrationState.SUSPENDED, said)


def _as_declared(actor: Actor, product: Product, step: Integration) -> Subject:
    """Where the ministry is itself the vendor, what was declared is its own all the same."""
    own = product.vendor_id in actor.vendors
    return Subject(said_by=Source.MINISTRY if own else step.declared_by)


async def _follow(
    session: AsyncSession, actor: Actor, last: Integration, state: IntegrationState, said: Said
) -> Integration:
    """The ministry's own step after the vendor's."""
    authorise(actor, Action.REVIEW_INTEGRATION, Subject(), state)
    about = histories.author(actor, Source.MINISTRY, said)
    step = Integration(
        product_id=last.product_id,
        service=last.service,
        state=state,
        feeds=last.feeds,
        target_date=last.target_date,
        min_version=last.min_version,
        evidence_level=level_of(about["evidence_url"]),
        **about,
    )
    await histories.add(session, last, step)
    await notify_review(session, step)
    action = "send_back" if state is IntegrationState.SANDBOX else "suspend"
    await ledger.append(session, action, "integration", [step.recorded_id])
    return step
