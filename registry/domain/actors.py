"""From an organisation to what it is in the registry."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import AllowedSiret, Delegation, Deployment, Token, TokenScope
from registry.domain.actor import Actor, Role
from registry.domain.clock import today
from registry.domain.filters import among, in_force

RECORDS = sa.text("""
    SELECT ARRAY(SELECT coalesce(merged_into_id, id) FROM vendor WHERE siren = ANY(:sirens)),
           ARRAY(SELECT collectivite_id FROM collectivite_code WHERE code = ANY(:sirens))
""")


class Standing(StrEnum):
    """What an organisation is in the registry; it may be several."""

    VENDOR = "VENDOR"
    COLLECTIVITE = "COLLECTIVITE"
    OPERATOR = "OPERATOR"
    MINISTRY = "MINISTRY"


async def standings(session: AsyncSession, actor: Actor) -> list[Standing]:
    """As whom the actor may act, its delegations included."""
    found = {
        Standing.VENDOR: bool(actor.vendors),
        Standing.COLLECTIVITE: bool(actor.collectivites),
        Standing.OPERATOR: await _operates(session, actor),
        Standing.MINISTRY: actor.role is Role.MINISTRY,
    }
    return [standing for standing, held in found.items() if held]


async def _operates(session: AsyncSession, actor: Actor) -> bool:
    found = await session.scalar(
        sa.select(col(Deployment.id))
        .where(
            among(col(Deployment.operator), sorted(actor.sirens)),
            in_force(col(Deployment.since), col(Deployment.until), today()),
        )
        .limit(1)
    )
    return found is not None


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


async def is_allowed(session: AsyncSession, siret: str) -> bool:
    """Whether the establishment is on the ministry's allow-list."""
    found = await session.scalar(
        sa.select(col(AllowedSiret.id)).where(
            col(AllowedSiret.siret) == siret, col(AllowedSiret.removed_at).is_(None)
        )
    )
    return found is not None
