"""Who writes in turn, where a rule spans rows of several owners."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


async def take_turn(session: AsyncSession, noun: str, subject_id: int) -> None:
    """Held until the transaction ends: read what decides after it, not before."""
    await session.execute(TURN, {"what": f"{noun}:{subject_id}"})
