"""Imports wait for one another, and leave the database ready for questions."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.turns import LOADS

TURN = sa.text(f"SELECT pg_advisory_xact_lock({LOADS})")
REFRESH = sa.text("SELECT refresh_statistics()")


async def take_turn(session: AsyncSession) -> None:
    """Held until the transaction ends: two at once would each miss what the other writes."""
    await session.execute(TURN)


async def end_turn(session: AsyncSession) -> None:
    """The planner learns what was loaded: PostgreSQL itself would tell it a minute later, and a
    national question would take a hundred times longer until then.
    """
    await session.execute(REFRESH)
