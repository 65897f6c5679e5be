"""The only way into the ledger, and the proof that it says what the tables say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.head import GREW

APPEND = sa.text("SELECT ledger_append(:action, :noun, :ids)")

LAST = sa.text("SELECT seq, leaf_hash, recorded_at FROM ledger ORDER BY seq DESC LIMIT 1")

TURN = sa.text("SELECT pg_advisory_xact_lock(7032022)")
"""The lock that ``ledger_append`` holds to the end of the transaction."""


@dataclass(frozen=True, slots=True)
class LastEntry:
    """With the day, it tells apart every state of every registry: ``leaf_hash`` covers the entry,
    which has its own number and time.
    """

    seq: int
    leaf_hash: bytes
    recorded_at: datetime


NO_ENTRY = LastEntry(0, b"", datetime(2022, 3, 7, tzinfo=UTC))


async def last_entry(session: AsyncSession) -> LastEntry:
    row = (await session.execute(LAST)).one_or_none()
    return NO_ENTRY if row is None else LastEntry(*row)


async def take_turn(session: AsyncSession) -> None:
    """What is read next, no other writer changes: they queue here, as the ledger's entries do."""
    await session.execute(TURN)


async def append(session: AsyncSession, action: str, noun: str, ids: Sequence[int]) -> None:
    """One entry for each record, as it stands now: call it last, as it makes writers queue.

    The database says who acts: the author that the transaction began with.
    """
    if ids:
        session.info[GREW] = True
        await session.execute(APPEND, {"action": action, "noun": noun, "ids": list(ids)})


async def append_each(
    session: AsyncSession, action: str, written: Mapping[str, Sequence[int]]
) -> None:
    """Likewise for what one act wrote of several nouns."""
    for noun, ids in written.items():
        await append(session, action, noun, ids)


async def append_selected(session: AsyncSession, action: str, noun: str, ids: str) -> None:
    """Likewise for the ids that a query of the program's own selects, however many."""
    session.info[GREW] = True
    await session.execute(
        sa.text(
            "SELECT ledger_append(:action, :noun, ids)"
            f" FROM (SELECT array_agg(id) AS ids FROM ({ids}) AS selected) AS gathered"
            " WHERE ids IS NOT NULL"
        ),
        {"action": action, "noun": noun},
    )
