"""Machine tokens. Nothing here ever sees a secret: only its digest.

No machine gives another more than it has: neither a scope nor a day. One that renews itself keeps
its end; a person alone puts it off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Token, TokenScope
from registry.domain import ledger, pages, texts
from registry.domain.actor import Actor, Role
from registry.domain.actors import is_allowed
from registry.domain.clock import now
from registry.domain.errors import (
    AlreadyExists,
    Checks,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotInThisState,
)
from registry.domain.filters import checked_siren, checked_siret
from registry.domain.pages import LARGEST, Page, Recency, Slice, by_recency
from registry.domain.policy import Action, Subject, authorise, may

LONGEST = 365
"""Days."""
GRACE = timedelta(hours=24)
"""What a token that is replaced has left, for its holders to take the new one."""
USE_STEP = timedelta(minutes=1)
ORDERINGS = by_recency("token", sa.type_coerce(col(Token.id), sa.BigInteger))
MOST_ALIVE = 200
NAMED = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:siren || ' ' || :name, 7032025))")

REVIEW_RESERVED = "La portée REVIEW est réservée aux établissements de la liste du ministère."
NEITHER_SCOPE_NOR_DAY = "Un jeton ne donne ni portée ni durée qu’il n’a pas lui-même."


class TokenState(StrEnum):
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom a token acts; the ministry's names its establishment."""

    siren: str
    siret: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    scopes: Sequence[TokenScope]
    days: int


def own(actor: Actor) -> Holder:
    return Holder(actor.organisation or "", actor.siret)


def holder(siren: str | None, siret: str | None) -> Holder:
    """The one that is given of the two."""
    if (siren is None) == (siret is None):
        raise InvalidInput("siren", "Le SIREN ou le SIRET est attendu : l’un des deux.")
    if siret is None:
        return Holder(checked_siren("siren", siren or ""))
    checked = checked_siret("siret", siret)
    return Holder(checked[:9], checked)


async def by_digest(session: AsyncSession, digest: bytes) -> Token | None:
    found: Token | None = await session.scalar(sa.select(Token).where(col(Token.digest) == digest))
    return found


async def listed(
    session: AsyncSession,
    siren: str | None = None,
    page: Page = LARGEST,
    state: TokenState | None = None,
    order: Recency = Recency.LATEST,
) -> Slice[Token]:
    """Those of one organisation, or of all."""
    query = sa.select(Token)
    if siren is not None:
        query = query.where(col(Token.siren) == checked_siren("siren", siren))
    if state is not None:
        query = query.where(_in_state(state))
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def seen(
    session: AsyncSession,
    actor: Actor,
    page: Page = LARGEST,
    state: TokenState | None = None,
    order: Recency = Recency.LATEST,
) -> Slice[Token]:
    """Those of the actor's own organisation; none to a token that may not read."""
    query = sa.select(Token).where(_own(actor, Action.SEE_TOKENS))
    if state is not None:
        query = query.where(_in_state(state))
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def visible(
    session: AsyncSession, actor: Actor, token_id: int, action: Action = Action.SEE_TOKENS
) -> Token | None:
    """None for what is not of the actor's own organisation, or not for that ``action``."""
    found: Token | None = await session.scalar(
        sa.select(Token).where(col(Token.id) == token_id, _own(actor, action))
    )
    return found


def _own(actor: Actor, action: Action) -> sa.ColumnElement[bool]:
    if not may(actor, action, Subject(siren=actor.organisation)):
        return sa.false()
    return col(Token.siren) == actor.organisation


def state(token: Token) -> TokenState:
    if token.revoked_at is not None:
        return TokenState.REVOKED
    return TokenState.ACTIVE if token.expires_at > now() else TokenState.EXPIRED


def _in_state(state: TokenState) -> sa.ColumnElement[bool]:
    """As ``state`` reads it."""
    revoked, expires_at = col(Token.revoked_at), col(Token.expires_at)
    if state is TokenState.REVOKED:
        return revoked.is_not(None)
    living = expires_at > now()
    return sa.and_(revoked.is_(None), living if state is TokenState.ACTIVE else ~living)


def is_use_due(token: Token) -> bool:
    """A use is noted once a minute at most."""
    return token.last_used_at is None or token.last_used_at < now() - USE_STEP


async def note_use(session: AsyncSession, token: Token) -> None:
    """Not in the ledger, which keeps what is said and not who passes."""
    moment = now()
    last = col(Token.last_used_at)
    await session.execute(
        sa.update(Token)
        .where(
            col(Token.id) == token.id,
            col(Token.revoked_at).is_(None),
            sa.or_(last.is_(None), last < moment - USE_STEP),
        )
        .values(last_used_at=moment)
    )


async def create(
    session: AsyncSession, actor: Actor, holder: Holder, wanted: Wanted, digest: bytes
) -> Token:
    authorise(actor, Action.MANAGE_TOKENS, Subject(siren=holder.siren))
    _check_establishment(actor, holder.siret)
    name = await _checked(session, holder, wanted)
    token = Token(
        name=name,
        siren=holder.siren,
        siret=holder.siret,
        digest=digest,
        scopes=[scope for scope in TokenScope if scope in wanted.scopes],
        expires_at=now() + timedelta(days=wanted.days),
    )
    _check_within(actor, token)
    if await _alive(session, token):
        raise AlreadyExists("name", f"Un jeton « {name} » est en vigueur : le renouveler.")
    return await _record(session, "create", token)


async def rotate(
    session: AsyncSession, actor: Actor, token_id: int, days: int | None, digest: bytes
) -> Token:
    """A new token under the name of one that still has ``GRACE``; without ``days``, as long."""
    old = await _managed(session, actor, token_id)
    alive = await _alive(session, old)
    _check_newest(old, alive)
    await _checked_scopes(session, old.siret, [TokenScope(scope) for scope in old.scopes])
    new = Token(
        name=old.name,
        siren=old.siren,
        siret=old.siret,
        digest=digest,
        scopes=[*old.scopes],
        expires_at=_end(actor, old, days),
    )
    _check_within(actor, new)
    for replaced in alive[1:]:
        replaced.revoked_at = now()
        await _record(session, "revoke", replaced)
    old.expires_at = min(old.expires_at, now() + GRACE)
    await _record(session, "rotate", old)
    return await _record(session, "create", new)


async def revoke(session: AsyncSession, actor: Actor, token_id: int) -> Token:
    token = await _managed(session, actor, token_id)
    await _alive(session, token)
    if state(token) is TokenState.REVOKED:
        raise NotInThisState("Ce jeton est déjà révoqué.", TokenState.REVOKED, ())
    token.revoked_at = now()
    return await _record(session, "revoke", token)


async def _managed(session: AsyncSession, actor: Actor, token_id: int) -> Token:
    authorise(actor, Action.MANAGE_TOKENS, Subject(siren=actor.organisation))
    token = await session.get(Token, token_id)
    if token is None:
        raise NotFound("id", "Aucun jeton n’a cet identifiant.")
    authorise(actor, Action.MANAGE_TOKENS, Subject(siren=token.siren))
    _check_establishment(actor, token.siret)
    _check_within(actor, token)
    return token


def _check_establishment(actor: Actor, siret: str | None) -> None:
    """Other services of the State share the ministry's SIREN."""
    if actor.role is not Role.ADMINISTRATOR and siret not in {None, actor.siret}:
        raise NotAllowed("Ce jeton est d’un autre établissement, dont seuls les agents le gèrent.")


def _check_within(actor: Actor, token: Token) -> None:
    if actor.scopes is not None and not actor.scopes.issuperset(token.scopes):
        raise NotAllowed(NEITHER_SCOPE_NOR_DAY)
    if actor.until is not None and token.expires_at > actor.until:
        raise NotAllowed(NEITHER_SCOPE_NOR_DAY)


def _check_newest(old: Token, alive: Sequence[Token]) -> None:
    if old not in alive:
        raise NotInThisState("Ce jeton n’est plus en vigueur : en créer un autre.", state(old), ())
    if old is not alive[0]:
        raise NotInThisState("Un jeton plus récent l’a remplacé : le renouveler.", "REPLACED", ())


async def _checked(session: AsyncSession, holder: Holder, wanted: Wanted) -> str:
    checks = Checks()
    name = ""
    with checks:
        name = texts.required("name", wanted.name, 100)
    with checks:
        await _checked_scopes(session, holder.siret, wanted.scopes)
    with checks:
        _check_days(wanted.days)
    checks.settle()
    return name


async def _checked_scopes(
    session: AsyncSession, siret: str | None, scopes: Sequence[TokenScope]
) -> None:
    if not scopes:
        raise InvalidInput("scopes", "Au moins une portée est attendue.")
    if TokenScope.REVIEW in scopes and not (siret and await is_allowed(session, siret)):
        raise InvalidInput("scopes", REVIEW_RESERVED)


def _check_days(days: int) -> None:
    if not 1 <= days <= LONGEST:
        raise InvalidInput("days", f"De 1 à {LONGEST} jours.")


def _end(actor: Actor, old: Token, days: int | None) -> datetime:
    if days is not None:
        _check_days(days)
        return now() + timedelta(days=days)
    end = now() + (old.expires_at - old.created_at)
    return end if actor.until is None else min(end, actor.until)


async def _alive(session: AsyncSession, token: Token) -> list[Token]:
    """Those under its name, the newest first. From here on nobody else changes them."""
    await session.execute(NAMED, {"siren": token.siren, "name": token.name})
    found = await session.scalars(
        sa.select(Token)
        .where(col(Token.siren) == token.siren, col(Token.name) == token.name)
        .order_by(col(Token.id).desc())
        .limit(MOST_ALIVE)
        .execution_options(populate_existing=True)
    )
    return [row for row in found if state(row) is TokenState.ACTIVE]


async def _record(session: AsyncSession, action: str, token: Token) -> Token:
    session.add(token)
    await session.flush()
    await ledger.append(session, action, "token", [token.recorded_id])
    return token
