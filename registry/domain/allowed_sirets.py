"""The ministry's allow-list: the establishments whose agents act for it."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import AllowedSiret
from registry.domain import ledger, pages, texts
from registry.domain.actor import Actor
from registry.domain.clock import now
from registry.domain.errors import AlreadyExists, Checks, NotAllowed, NotFound
from registry.domain.filters import checked_siret
from registry.domain.pages import LARGEST, Page, Recency, Slice, by_recency
from registry.domain.policy import Action, authorise, may

ORDERINGS = by_recency("allowed_siret", sa.type_coerce(col(AllowedSiret.id), sa.BigInteger))
ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(7032026)")


async def listed(
    session: AsyncSession,
    actor: Actor,
    page: Page = LARGEST,
    order: Recency = Recency.LATEST,
    *,
    removed: bool = False,
) -> Slice[AllowedSiret]:
    """Those on the list now, or ``removed``. Raises ``NotAllowed`` to who doesn't manage it."""
    authorise(actor, Action.MANAGE_ALLOW_LIST)
    query = sa.select(AllowedSiret).where(col(AllowedSiret.removed_at).is_not(None) == removed)
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def seen(session: AsyncSession, actor: Actor) -> Slice[AllowedSiret] | None:
    """The list, for those who manage it; None for others."""
    return await listed(session, actor) if may(actor, Action.MANAGE_ALLOW_LIST) else None


async def visible(session: AsyncSession, actor: Actor, entry_id: int) -> AllowedSiret | None:
    if not may(actor, Action.MANAGE_ALLOW_LIST):
        return None
    return await session.get(AllowedSiret, entry_id)


async def allow(session: AsyncSession, actor: Actor, siret: str, label: str) -> AllowedSiret:
    authorise(actor, Action.MANAGE_ALLOW_LIST)
    checks = Checks()
    checked = said = ""
    with checks:
        checked = checked_siret("siret", siret)
    with checks:
        said = texts.required("label", label, 200)
    checks.settle()
    if await _current(session, checked):
        raise AlreadyExists("siret", "Cet établissement est déjà sur la liste.")
    return await _record(session, "create", AllowedSiret(siret=checked, label=said))


async def disallow(session: AsyncSession, actor: Actor, siret: str) -> AllowedSiret:
    """Nobody removes their own establishment, so that the ministry never empties its list."""
    authorise(actor, Action.MANAGE_ALLOW_LIST)
    checked = checked_siret("siret", siret)
    await session.execute(ONE_AT_A_TIME)
    if actor.siret is not None and not await _current(session, actor.siret):
        raise NotAllowed("Votre établissement vient d’être retiré de la liste.")
    if checked == actor.siret:
        raise NotAllowed(
            "On ne retire pas son propre établissement : un autre du ministère peut le faire."
        )
    entry = await _current(session, checked)
    if entry is None:
        raise NotFound("siret", "Cet établissement n’est pas sur la liste.")
    entry.removed_at = now()
    return await _record(session, "remove", entry)


async def _current(session: AsyncSession, siret: str) -> AllowedSiret | None:
    found: AllowedSiret | None = await session.scalar(
        sa.select(AllowedSiret).where(
            col(AllowedSiret.siret) == siret, col(AllowedSiret.removed_at).is_(None)
        )
    )
    return found


async def _record(session: AsyncSession, action: str, entry: AllowedSiret) -> AllowedSiret:
    session.add(entry)
    await session.flush()
    await ledger.append(session, action, "allowed_siret", [entry.recorded_id])
    return entry
