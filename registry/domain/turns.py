"""Who writes when: what a unique index can't hold together is written one after the other."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

LOADS = 7032023
"""The lock of those that load the registry, or change what keys mean."""
LOAD = sa.text(f"SELECT pg_advisory_xact_lock({LOADS})")
ONE = sa.text(f"""
    SELECT pg_advisory_xact_lock_shared({LOADS}),
           pg_advisory_xact_lock(hashtextextended(:what, 0))
""")


async def take_turn(session: AsyncSession) -> None:
    """Held until the transaction ends: two at once would each miss what the other writes."""
    await session.execute(LOAD)


async def take_turn_on(session: AsyncSession, noun: str, subject_id: int) -> None:
    """Likewise for one record: what is read of it next stays so. Others write elsewhere meanwhile;
    a load waits, and is waited for.
    """
    await session.execute(ONE, {"what": f"{noun}:{subject_id}"})
