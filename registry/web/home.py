from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite
from registry.domain import collectivites
from registry.domain.actor import Actor
from registry.domain.rollout import coverage
from registry.domain.rollout.scope import Scope
from registry.web.visits import Visit

OWN = 5
"""At most, of those that someone acts for, named on the first page."""


async def show(visit: Visit) -> Response:
    async with visit.database.read() as session:
        total = (await coverage.measure(session, Scope())).total
        own = await _own(session, visit.actor)
    return visit.page("home.html", total=total, own=own, text="", found=None)


async def _own(session: AsyncSession, actor: Actor) -> list[Collectivite]:
    if not actor.collectivites:
        return []
    rows = await collectivites.by_ids(session, sorted(actor.collectivites)[:OWN])
    return [*rows.values()]
