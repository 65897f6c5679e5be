"""An import leaves the database ready for questions."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

REFRESH = sa.text("SELECT refresh_statistics()")


async def end_turn(session: AsyncSession) -> None:
    """The planner learns what was loaded: PostgreSQL itself would tell it a minute later, and a
    national question would take a hundred times longer until then.
    """
    await session.execute(REFRESH)
