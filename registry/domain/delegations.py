"""Who may act for an organisation that is not their own."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Delegation
from registry.domain import contacts, ledger, pages
from registry.domain.actor import Actor
from registry.domain.clock import now
from registry.domain.errors import Checks, InvalidInput, NotFound, NotInThisState
from registry.domain.filters import checked_siren
from registry.domain.pages import LARGEST, Page, Recency, Slice, by_recency
from registry.domain.policy import Action, Subject, authorise, may

ORDERINGS = by_recency("delegation", sa.type_coerce(col(Delegation.id), sa.BigInteger))


@dataclass(frozen=True, slots=True)
class Delegate:
    """A person, as the provider will tell them at sign-in."""

    siren: str
    email: str


async def of_organisation(
    session: AsyncSession,
    actor: Actor,
    page: Page = LARGEST,
    order: Recency = Recency.LATEST,
    *,
    ended: bool = False,
) -> Slice[Delegation]:
    """Those that the actor's own organisation made: in force, or ``ended``."""
    query = sa.select(Delegation).where(
        _seen(actor),
        col(Delegation.ended_at).is_not(None) == ended,
    )
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def visible(session: AsyncSession, actor: Actor, delegation_id: int) -> Delegation | None:
    """None for what is not of the actor's own organisation, which alone sees the address."""
    found: Delegation | None = await session.scalar(
        sa.select(Delegation).where(col(Delegation.id) == delegation_id, _seen(actor))
    )
    return found


def _seen(actor: Actor) -> sa.ColumnElement[bool]:
    """``SEE_DELEGATES``, as a condition on rows."""
    if not may(actor, Action.SEE_DELEGATES, Subject(siren=actor.organisation)):
        return sa.false()
    return col(Delegation.siren) == actor.organisation


async def name(session: AsyncSession, actor: Actor, siren: str, given: Delegate) -> Delegation:
    checked = checked_siren("siren", siren)
    authorise(actor, Action.NAME_DELEGATES, Subject(siren=checked))
    delegate = _checked(checked, given)
    delegation = Delegation(siren=checked, delegate_siren=delegate.siren, email=delegate.email)
    return await _record(session, "create", delegation)


async def end(session: AsyncSession, actor: Actor, delegation_id: int) -> Delegation:
    authorise(actor, Action.NAME_DELEGATES, Subject(siren=actor.organisation))
    delegation = await session.get(Delegation, delegation_id)
    if delegation is None:
        raise NotFound("id", "Aucune délégation n’a cet identifiant.")
    authorise(actor, Action.NAME_DELEGATES, Subject(siren=delegation.siren))
    held = sa.select(Delegation).where(col(Delegation.id) == delegation.id).with_for_update()
    await session.execute(held, execution_options={"populate_existing": True})
    if delegation.ended_at is not None:
        raise NotInThisState("Cette délégation a déjà pris fin.", "ENDED", ())
    delegation.ended_at = now()
    return await _record(session, "end", delegation)


def _checked(siren: str, given: Delegate) -> Delegate:
    checks = Checks()
    email = delegate_siren = ""
    with checks:
        email = contacts.mailbox("email", given.email).lower()
    with checks:
        delegate_siren = checked_siren("delegate_siren", given.siren)
        if delegate_siren == siren:
            raise InvalidInput(
                "delegate_siren",
                "Cette personne est de votre organisation : elle n’a besoin d’aucune délégation.",
            )
    checks.settle()
    return Delegate(delegate_siren, email)


async def _record(session: AsyncSession, action: str, delegation: Delegation) -> Delegation:
    session.add(delegation)
    await session.flush()
    await ledger.append(session, action, "delegation", [delegation.recorded_id])
    return delegation
