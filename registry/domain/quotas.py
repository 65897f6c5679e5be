"""How much an actor writes in a window of time: one count for all the processes that serve."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.errors import QuotaExceeded

TAKE = sa.text("""
WITH forgotten AS (
    DELETE FROM write_quota
    WHERE actor = :actor AND window_start < now() - 3 * CAST(:window AS interval)
)
INSERT INTO write_quota AS quota (actor, window_start, used)
VALUES (:actor, date_bin(:window, now(), TIMESTAMPTZ 'epoch'), least(:cost, :full))
ON CONFLICT (actor, window_start) DO UPDATE SET used = least(quota.used + :cost, :full)
RETURNING used, window_start, now() AS instant
""").bindparams(
    sa.bindparam("cost", type_=sa.BigInteger),
    sa.bindparam("full", type_=sa.BigInteger),
    sa.bindparam("window", type_=sa.Interval),
)


@dataclass(frozen=True, slots=True)
class Quota:
    """``used`` is more than ``limit`` where the last taking was refused."""

    limit: int
    used: int
    resets_in: timedelta

    def check(self) -> None:
        """Raise ``QuotaExceeded`` when too much was taken."""
        if self.used > self.limit:
            seconds = math.ceil(self.resets_in.total_seconds())
            raise QuotaExceeded(
                f"Trop d’écritures : {self.limit} au plus ; réessayer dans {seconds} s.", seconds
            )


async def take(
    session: AsyncSession, actor_name: str, cost: int, limit: int, window: timedelta
) -> Quota:
    """To be committed before the write, whatever becomes of it: a refused write counts too.

    The clock is the database's, which all processes share. What passes the limit stays refused
    until the window ends, and older windows of the actor are removed on the way.
    """
    taken = (
        await session.execute(
            TAKE, {"actor": actor_name, "cost": cost, "full": limit + 1, "window": window}
        )
    ).one()
    started: datetime = taken.window_start
    return Quota(limit, taken.used, started + window - taken.instant)
