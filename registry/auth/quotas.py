"""What whoever is signed in may write in a minute, whichever the door."""

from datetime import timedelta

from registry.database import Database
from registry.domain import quotas
from registry.domain.actor import Actor, Role

WINDOW = timedelta(minutes=1)


async def charge(database: Database, limit: int, actor: Actor, cost: int = 1) -> None:
    """Raises ``QuotaExceeded``. To be called before a write, outside its transaction.

    A ``limit`` of 0 is none; who is not signed in writes nothing, not even this count.
    """
    if limit == 0 or actor.role is Role.PUBLIC:
        return
    async with database.transaction(actor) as session:
        quota = await quotas.take(session, actor.name, cost, limit, WINDOW)
    quota.check()
