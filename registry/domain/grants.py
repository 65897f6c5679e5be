"""The lump sum that a connected collectivité claims: filed by it, decided by the ministry."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Campaign,
    Collectivite,
    GrantClaim,
    GrantClaimState,
    GrantClaimTransition,
    Source,
)
from registry.domain import collectivites, histories, ledger, pages, texts, turns
from registry.domain.actor import Actor
from registry.domain.collectivites import HEIR
from registry.domain.errors import AlreadyExists, Checks, InvalidInput, NotFound, NotInThisState
from registry.domain.filters import among
from registry.domain.histories import Said
from registry.domain.messages import notify_grant
from registry.domain.pages import Page, Recency, Slice, by_recency
from registry.domain.policy import (
    Action,
    Capacity,
    Subject,
    admits,
    authorise,
    may,
    require_signed_in,
)
from registry.domain.rollout import readiness
from registry.domain.transitions import GRANT_CLAIM, check

_S = GrantClaimState

ENDED = (_S.REJECTED, _S.CANCELLED, _S.RECOVERED)
EXPLAINED = (_S.CHANGES_REQUESTED, _S.REJECTED, _S.RECOVERY_REQUESTED)
"""What the ministry may not decide without saying why."""

LONGEST_REASON = 2000
NOT_CONNECTED = (
    "La collectivité n’a pas encore, en production, un service FranceConnect accepté et au moins"
    " une API de données : la demande ne peut pas être acceptée."
)

_ID: sa.ColumnElement[int] = sa.type_coerce(col(GrantClaim.id), sa.BigInteger)
ORDERINGS = by_recency("grant_claim.id", _ID)


async def claim(
    session: AsyncSession, actor: Actor, code: str, said: Said, *, submit: bool
) -> GrantClaim:
    """A draft; with ``submit``, submitted at once."""
    town = await _town(session, actor, code)
    capacity = authorise(actor, Action.CLAIM_GRANT, Subject(collectivite=town.id))
    _check_said(None, said, reason=False)
    await turns.take_turn_on(session, "collectivite", town.recorded_id)
    campaign = (await session.scalars(sa.select(Campaign))).one()
    await _check_alone(session, town, campaign)
    made = GrantClaim(
        campaign_id=campaign.recorded_id,
        collectivite_id=town.recorded_id,
        amount_cents=campaign.grant_amount_cents,
    )
    session.add(made)
    await session.flush()
    states = (_S.DRAFT, _S.SUBMITTED) if submit else (_S.DRAFT,)
    steps = await _add(session, actor, capacity, made, None, states, said)
    written = {"grant_claim": [made.recorded_id], "grant_claim_transition": steps}
    await ledger.append_each(session, "claim", written)
    return made


async def move(
    session: AsyncSession, actor: Actor, claim_id: int, state: GrantClaimState, said: Said
) -> GrantClaim:
    """The collectivité submits or cancels, the ministry decides."""
    found, town, capacity = await _authorised(session, actor, claim_id, state)
    await turns.take_turn_on(session, "collectivite", town)
    last = (await steps(session, [claim_id]))[claim_id][-1]
    _check_said(last, said, reason=state in EXPLAINED)
    check(GRANT_CLAIM, last.state, state)
    if state is _S.ACCEPTED:
        await _check_connected(session, town, last, said)
    written = await _add(session, actor, capacity, found, last, (state,), said)
    await ledger.append(session, state.value.lower(), "grant_claim_transition", written)
    return found


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, GrantClaim]:
    rows = await session.scalars(sa.select(GrantClaim).where(among(col(GrantClaim.id), ids)))
    return {row.recorded_id: row for row in rows}


async def seen(session: AsyncSession, actor: Actor, claim_id: int) -> GrantClaim | None:
    query = _with_town(sa.select(GrantClaim)).where(col(GrantClaim.id) == claim_id, _visible(actor))
    found: GrantClaim | None = await session.scalar(query)
    return found


async def listed(
    session: AsyncSession,
    actor: Actor,
    page: Page,
    state: GrantClaimState | None,
    order: Recency = Recency.LATEST,
) -> Slice[GrantClaim]:
    """Those that the actor may see; of one ``state`` where it is asked."""
    query = _standing(_with_town(sa.select(GrantClaim)).where(_visible(actor)), state)
    return await pages.fetch(session, query, ORDERINGS[order], page)


def following(actor: Actor, town: int, state: GrantClaimState) -> list[GrantClaimState]:
    """Where the actor may take a claim of that collectivité which stands at ``state``."""
    subject = _subject(actor, town)
    reached = [wanted for wanted in _S if wanted in GRANT_CLAIM[state]]
    return [wanted for wanted in reached if may(actor, Action.MOVE_GRANT, subject, wanted)]


async def seen_of_collectivites(
    session: AsyncSession,
    ids: Sequence[int],
    actor: Actor,
    page: Page,
    state: GrantClaimState | None = None,
    order: Recency = Recency.LATEST,
) -> dict[int, Slice[GrantClaim]]:
    """With those of the bodies that each one succeeded; of one ``state`` where it is asked."""
    query = _with_town(sa.select(GrantClaim)).where(among(HEIR, ids), _visible(actor))
    return await pages.fetch_each(session, _standing(query, state), HEIR, ORDERINGS[order], page)


async def count_seen_of_collectivites(
    session: AsyncSession, ids: Sequence[int], actor: Actor
) -> dict[int, int]:
    query = _with_town(sa.select(HEIR, sa.func.count()).select_from(GrantClaim))
    rows = await session.execute(query.where(among(HEIR, ids), _visible(actor)).group_by(HEIR))
    return dict(rows.all())


async def steps(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[GrantClaimTransition]]:
    """Every step of each claim, in order."""
    query = (
        sa.select(GrantClaimTransition)
        .where(among(col(GrantClaimTransition.grant_claim_id), ids))
        .order_by(col(GrantClaimTransition.effective_on), col(GrantClaimTransition.id))
    )
    found: dict[int, list[GrantClaimTransition]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.grant_claim_id, []).append(row)
    return found


async def _town(session: AsyncSession, actor: Actor, code: str) -> Collectivite:
    require_signed_in(actor)
    town = await collectivites.by_code(session, code, "collectivite")
    if town is None:
        authorise(actor, Action.CLAIM_GRANT)
        raise NotFound("collectivite", f"Aucune collectivité n’a le code « {code} ».")
    return town


async def _authorised(
    session: AsyncSession, actor: Actor, claim_id: int, state: GrantClaimState
) -> tuple[GrantClaim, int, Capacity]:
    """The claim and who answers for it today. Raises ``NotFound`` to the ministry alone."""
    require_signed_in(actor)
    query = _with_town(sa.select(GrantClaim, HEIR)).where(col(GrantClaim.id) == claim_id)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        authorise(actor, Action.MOVE_GRANT, state=state)
        raise NotFound("claim", "Cette demande n’existe pas.")
    made, town = found
    return made, town, authorise(actor, Action.MOVE_GRANT, _subject(actor, town), state)


def _subject(actor: Actor, town: int) -> Subject:
    """Nobody decides of what their own collectivité claims."""
    own = Source.MINISTRY if town in actor.collectivites else None
    return Subject(collectivite=town, said_by=own)


def _check_said(last: GrantClaimTransition | None, said: Said, *, reason: bool) -> None:
    checks = Checks()
    with checks:
        if texts.optional("reason", said.reason, LONGEST_REASON) is None and reason:
            raise InvalidInput("reason", "Un motif est attendu : la collectivité le lira.")
    with checks:
        texts.url("evidence_url", said.evidence_url)
    with checks:
        histories.check_day(last, said.day)
    checks.settle()


async def has_live(session: AsyncSession, town: Collectivite, campaign: Campaign) -> bool:
    """Whether a claim of the campaign is under way, or came to something."""
    step = GrantClaimTransition
    live = (
        _with_town(sa.select(col(GrantClaim.id)))
        .join(step, col(step.grant_claim_id) == col(GrantClaim.id))
        .where(
            among(HEIR, [town.recorded_id]),
            col(GrantClaim.campaign_id) == campaign.id,
            col(step.effective_until).is_(None),
            col(step.state).not_in(ENDED),
        )
    )
    return await session.scalar(live.limit(1)) is not None


async def _check_alone(session: AsyncSession, town: Collectivite, campaign: Campaign) -> None:
    if await has_live(session, town, campaign):
        raise AlreadyExists(
            "collectivite", "Une demande est déjà en cours, ou aboutie, pour cette collectivité."
        )


async def _check_connected(
    session: AsyncSession, town: int, last: GrantClaimTransition, said: Said
) -> None:
    if town not in await readiness.with_prefill(session, [town], said.day):
        allowed = sorted(GRANT_CLAIM[last.state] - {_S.ACCEPTED})
        raise NotInThisState(NOT_CONNECTED, last.state, tuple(allowed))


async def _add(
    session: AsyncSession,
    actor: Actor,
    capacity: Capacity,
    made: GrantClaim,
    last: GrantClaimTransition | None,
    states: Sequence[GrantClaimState],
    said: Said,
) -> list[int]:
    written = []
    for state in states:
        step = GrantClaimTransition(
            grant_claim_id=made.recorded_id,
            state=state,
            **histories.author(actor, capacity.source, said),
        )
        await histories.add(session, last, step)
        await notify_grant(session, made, step)
        last = step
        written.append(step.recorded_id)
    return written


def _standing(query: sa.Select[Any], state: GrantClaimState | None) -> sa.Select[Any]:
    if state is None:
        return query
    step = GrantClaimTransition
    return query.join(step, col(step.grant_claim_id) == col(GrantClaim.id)).where(
        col(step.effective_until).is_(None), col(step.state) == state
    )


def _with_town(query: Any) -> Any:
    return query.join(Collectivite, col(Collectivite.id) == col(GrantClaim.collectivite_id))


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    """``SEE_GRANTS``, as a condition on rows."""
    if may(actor, Action.SEE_GRANTS):
        return sa.true()
    if not admits(actor, Action.SEE_GRANTS):
        return sa.false()
    return among(HEIR, actor.collectivites)
