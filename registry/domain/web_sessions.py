"""Browsers that sign in: their attempts, then their sessions."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Account, SignInAttempt, WebSession
from registry.domain import accounts, actors, ledger
from registry.domain.actor import Actor
from registry.guard import identify

ATTEMPT = timedelta(minutes=10)
IDLE = timedelta(hours=2)
LIFETIME = timedelta(hours=12)
PRECISION = timedelta(minutes=1)
"""How late ``used_at`` may be: a session is not written at each request."""


async def attempt(session: AsyncSession, begun: SignInAttempt, now: datetime) -> None:
    """Remember it; those that are too old are forgotten."""
    await session.execute(
        sa.delete(SignInAttempt).where(col(SignInAttempt.created_at) <= now - ATTEMPT)
    )
    session.add(begun)
    await session.flush()


async def take_attempt(
    session: AsyncSession, state_digest: bytes, now: datetime
) -> SignInAttempt | None:
    """The attempt that this state answers, once: whoever comes second has none."""
    taken: SignInAttempt | None = await session.scalar(
        sa.delete(SignInAttempt)
        .where(
            col(SignInAttempt.state_digest) == state_digest,
            col(SignInAttempt.created_at) > now - ATTEMPT,
        )
        .returning(SignInAttempt)
    )
    return taken


async def open_session(
    session: AsyncSession,
    person: accounts.Person,
    digest: bytes,
    *,
    id_token: str | None = None,
    replaced: bytes | None = None,
) -> Account:
    """Sign a person in under a new id; the browser's former session ends."""
    if replaced is not None:
        await session.execute(sa.delete(WebSession).where(col(WebSession.digest) == replaced))
    account = await accounts.remember(session, person)
    opened = WebSession(
        digest=digest, account_id=account.recorded_id, siret=person.siret, id_token=id_token
    )
    session.add(opened)
    await session.flush()
    await identify(session, accounts.author(account, person.siret))
    await ledger.append(session, "sign-in", "account", [account.recorded_id])
    await ledger.append(session, "sign-in", "web_session", [opened.recorded_id])
    return account


async def current(
    session: AsyncSession, digest: bytes, now: datetime
) -> tuple[WebSession, Account] | None:
    """None once the session ended, was idle too long or is too old."""
    found = await session.execute(
        sa.select(WebSession, Account)
        .join(Account, col(Account.id) == col(WebSession.account_id))
        .where(
            col(WebSession.digest) == digest,
            col(WebSession.ended_at).is_(None),
            col(WebSession.used_at) > now - IDLE,
            col(WebSession.created_at) > now - LIFETIME,
        )
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


async def was_open(session: AsyncSession, digest: bytes) -> bool:
    """Whether a session bore that secret, even one that is over."""
    found = await session.scalar(
        sa.select(col(WebSession.id)).where(col(WebSession.digest) == digest)
    )
    return found is not None


async def person_of(session: AsyncSession, opened: WebSession, account: Account) -> Actor:
    same = account.siret == opened.siret
    return await actors.person(
        session,
        accounts.name(account),
        opened.siret,
        label=account.organisation if same else None,
        email=account.email,
    )


def is_due(opened: WebSession, now: datetime) -> bool:
    """Whether its last use has to be written anew."""
    return opened.used_at <= now - PRECISION


async def use(session: AsyncSession, digest: bytes, now: datetime) -> None:
    await session.execute(
        sa.update(WebSession)
        .where(
            col(WebSession.digest) == digest,
            col(WebSession.ended_at).is_(None),
            col(WebSession.used_at) < now,
        )
        .values(used_at=now)
    )


async def end(
    session: AsyncSession, digest: bytes, now: datetime, *, everywhere: bool = False
) -> str | None:
    """Sign out; what the provider wants to hear of it, where it keeps a session of its own.

    ``everywhere`` ends the account's sessions in other browsers too.
    """
    found = await current(session, digest, now)
    if found is None:
        return None
    opened, account = found
    ended = col(WebSession.account_id) == account.recorded_id
    if not everywhere:
        ended = col(WebSession.digest) == digest
    id_token = opened.id_token
    closed = await session.scalars(
        sa.update(WebSession)
        .where(ended, col(WebSession.ended_at).is_(None))
        .values(ended_at=now, id_token=None)
        .returning(WebSession)
    )
    rows = closed.all()
    if not rows:
        return None
    await identify(session, accounts.author(account, opened.siret))
    await ledger.append(session, "sign-out", "account", [account.recorded_id])
    await ledger.append(session, "sign-out", "web_session", [row.recorded_id for row in rows])
    return id_token
