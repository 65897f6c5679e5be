"""From an organisation to what it is in the registry."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Account, AllowedSiret, Delegation, Token, TokenScope
from registry.domain.actor import Actor, Role
from registry.domain.clock import today
from registry.domain.policy import Capacity, Subject

RECORDS = sa.text("""
    SELECT ARRAY(SELECT coalesce(merged_into_id, id) FROM vendor WHERE siren = ANY(:sirens)),
           ARRAY(SELECT collectivite_id FROM collectivite_code WHERE code = ANY(:sirens))
""")
ORGANISATIONS = sa.text("""
    SELECT siren FROM unnest(CAST(:sirens AS text[])) AS own (siren)
    WHERE siren = ANY(:named)
       OR EXISTS (SELECT FROM vendor WHERE vendor.siren = own.siren
                  AND coalesce(merged_into_id, id) = :vendor)
       OR EXISTS (SELECT FROM collectivite_code WHERE code = own.siren
                  AND collectivite_id = :collectivite)
""")
OPERATES = sa.text("""
    SELECT EXISTS (SELECT FROM deployment WHERE operator = ANY(:sirens)
                   AND since <= :day AND (until IS NULL OR until > :day))
""")


async def person(
    session: AsyncSession, name: str, siret: str, *, label: str | None, email: str
) -> Actor:
    """Whoever signed in with that establishment, and the delegations made to that address."""
    siren = siret[:9]
    delegating = await session.scalars(
        sa.select(col(Delegation.siren)).where(
            col(Delegation.delegate_siren) == siren,
            col(Delegation.email) == email.lower(),
            col(Delegation.ended_at).is_(None),
        )
    )
    return await _acting(
        session, name, siren, siret, [siren, *delegating], label=label, email=email
    )


async def machine(session: AsyncSession, token: Token, now: datetime) -> Actor | None:
    """None once the token is revoked or past its end."""
    if token.revoked_at is not None or token.expires_at <= now:
        return None
    return await _acting(
        session,
        f"token:{token.id}",
        token.siren,
        token.siret,
        [token.siren],
        scopes=frozenset(TokenScope(scope) for scope in token.scopes),
        until=token.expires_at,
    )


async def named(session: AsyncSession, name: str, siret: str | None, now: datetime) -> Actor | None:
    """The actor of that name as it may act now; None once it no longer may."""
    kind, _, number = name.partition(":")
    if kind == "token":
        token = await session.get(Token, int(number))
        return None if token is None else await machine(session, token, now)
    account = await session.get(Account, int(number))
    if account is None or siret is None:
        return None
    return await person(session, name, siret, label=account.organisation, email=account.email)


async def acting_for(session: AsyncSession, actor: Actor, subject: Subject) -> Actor:
    """The actor as it acts for the organisations of the subject alone, where it acts for some.

    A delegate does so: what it sends there is that organisation's, and none of its own.
    """
    if actor.sirens <= {actor.organisation}:
        return actor
    values = {
        "sirens": [*actor.sirens],
        "vendor": subject.vendor,
        "collectivite": subject.collectivite,
        "named": [*subject.operators, *({subject.siren} - {None})],
    }
    sirens = frozenset(await session.scalars(ORGANISATIONS, values))
    if not sirens or sirens == actor.sirens:
        return actor
    vendors, collectivites = (await session.execute(RECORDS, {"sirens": [*sirens]})).one()
    return replace(
        actor,
        role=actor.role if actor.organisation in sirens else Role.MEMBER,
        sirens=sirens,
        vendors=frozenset(vendors),
        collectivites=frozenset(collectivites),
    )


async def _acting(
    session: AsyncSession,
    name: str,
    siren: str,
    siret: str | None,
    sirens: Sequence[str],
    *,
    label: str | None = None,
    email: str | None = None,
    scopes: frozenset[TokenScope] | None = None,
    until: datetime | None = None,
) -> Actor:
    vendors, collectivites = (await session.execute(RECORDS, {"sirens": [*sirens]})).one()
    ministry = siret is not None and await is_allowed(session, siret)
    return Actor(
        Role.MINISTRY if ministry else Role.MEMBER,
        name,
        siren,
        siret=siret,
        label=label,
        email=email,
        sirens=frozenset(sirens),
        vendors=frozenset(vendors),
        collectivites=frozenset(collectivites),
        scopes=scopes,
        until=until,
    )


async def capacities(session: AsyncSession, actor: Actor) -> tuple[Capacity, ...]:
    """As what one is known to the registry; nothing: all one can do is register as a vendor."""
    operator = await session.scalar(OPERATES, {"sirens": [*actor.sirens], "day": today()})
    found = {
        Capacity.MINISTRY: actor.role is Role.MINISTRY,
        Capacity.VENDOR: bool(actor.vendors),
        Capacity.COLLECTIVITE: bool(actor.collectivites),
        Capacity.OPERATOR: bool(operator),
    }
    return tuple(capacity for capacity, held in found.items() if held)


async def is_allowed(session: AsyncSession, siret: str) -> bool:
    """Whether the establishment is on the ministry's allow-list."""
    found = await session.scalar(
        sa.select(col(AllowedSiret.id)).where(
            col(AllowedSiret.siret) == siret, col(AllowedSiret.removed_at).is_(None)
        )
    )
    return found is not None
