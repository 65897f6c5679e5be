"""Imports wait for one another: two at once would each miss what the other writes."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

TURN = sa.text("SELECT pg_advisory_xact_lock(7032023)")


async def take_turn(session: AsyncSession) -> None:
    """Held until the transaction ends."""
    await session.execute(TURN)
