"""The outbox: what is to be sent is written with what decides it, and sent by a worker."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Message
from registry.domain.contacts import sendable

RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
LONGEST_FAILURE = 500

UNDELIVERED = """
    SELECT organisation, CAST(min(created_at) AS date) AS since, count(*) AS number
    FROM message
    WHERE sent_at IS NULL AND next_try_at IS NULL AND organisation IS NOT NULL
      AND NOT EXISTS (SELECT FROM message AS later
                      WHERE later.organisation = message.organisation
                        AND later.sent_at >= message.created_at)
    GROUP BY organisation
"""
"""By organisation: the messages given up, unless one that was sent since arrived."""


@dataclass(frozen=True, slots=True)
class Letter:
    """``key`` names what it is about: a mailbox gets one message of that key, ever.

    ``organisation`` is the SIREN of whom the recipients read for.
    """

    key: str
    recipients: Collection[str]
    subject: str
    body: str
    organisation: str | None = None


async def post(session: AsyncSession, *letters: Letter) -> None:
    """Those already posted are passed over. Raises ``ValueError`` for what can't stand in a
    header, a line break first of all.
    """
    if not all(letter.subject.isprintable() for letter in letters):
        raise ValueError("a subject is one line")
    rows = [
        {
            "key": letter.key,
            "recipient": to,
            "organisation": letter.organisation,
            "subject": letter.subject,
            "body": letter.body,
        }
        for letter in letters
        for to in letter.recipients
    ]
    if not all(sendable(to) == to for letter in letters for to in letter.recipients):
        raise ValueError("a recipient is one mailbox")
    if rows:
        await session.execute(insert(Message).on_conflict_do_nothing(), rows)


async def next_due(session: AsyncSession, now: datetime) -> Message | None:
    """The one that waited longest, held until the transaction ends; others pass over it."""
    due: Message | None = await session.scalar(
        sa.select(Message)
        .where(col(Message.sent_at).is_(None), col(Message.next_try_at) <= now)
        .order_by(col(Message.next_try_at), col(Message.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return due


def mark_sent(message: Message, now: datetime) -> None:
    message.tries += 1
    message.sent_at, message.next_try_at, message.failure = now, None, None


def mark_failed(message: Message, now: datetime, failure: str, *, for_good: bool) -> None:
    """It is tried again later, unless that was the last time."""
    again = None if for_good or message.tries >= len(RETRIES) else now + RETRIES[message.tries]
    message.tries += 1
    message.next_try_at, message.failure = again, failure[:LONGEST_FAILURE]
