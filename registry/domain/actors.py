"""From an organisation to what it is in the registry."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import AllowedSiret, Delegation, Token, TokenScope
from registry.domain.actor import Actor, Role

RECORDS = sa.text("""
    SELECT ARRAY(SELECT coalesce(merged_into_id, id) FROM vendor WHERE siren = ANY(:sirens)),
           ARRAY(SELECT collectivite_id FROM collectivite_code WHERE code = ANY(:sirens))
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
