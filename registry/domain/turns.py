"""Who loads the registry, or changes what keys mean, waits for the others who do."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

TURN = sa.text("SELECT pg_advisory_xact_lock(7032023)")


async def take_turn(session: AsyncSession) -> None:
    """Held until the transaction ends: two at once would each miss what the other writes."""
    await session.execute(TURN)
