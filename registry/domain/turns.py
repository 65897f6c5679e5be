"""Who writes when: what a unique index can't hold together is written one after the other."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

LOADS = 7032023
"""The lock of those that write about many collectivités at once, one by one."""

TAKE = sa.text(f"""
    SELECT pg_advisory_xact_lock_shared({LOADS}),
           pg_advisory_xact_lock(hashtextextended('collectivite ' || :id, 0))
""")


async def take_turn(session: AsyncSession, collectivite_id: int) -> None:
    """Held until the transaction ends: what is read next of that collectivité's uses of software
    stays so. Others write elsewhere meanwhile; a load waits, and is waited for.
    """
    await session.execute(TAKE, {"id": str(collectivite_id)})
