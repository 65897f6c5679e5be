from starlette.responses import Response
from starlette.routing import Route

from registry.domain import queue
from registry.domain.pages import Page
from registry.domain.queue import MEANINGS, Waited
from registry.web.spaces.guards import for_ministry
from registry.web.spaces.ministry.queue import WAITED, address
from registry.web.visits import At, Visit

OLDEST = Page(first=5)


def routes(at: At) -> list[Route]:
    return [at("/espace/ministere", for_ministry(show))]


async def show(visit: Visit) -> Response:
    async with visit.database.read() as session:
        waiting = await queue.overview(session, visit.actor, visit.today)
        mine = queue.waiting_for(Waited.MINISTRY)
        oldest = await queue.listed(session, visit.actor, OLDEST, mine, visit.today)
    return visit.page(
        "spaces/ministry/home.html",
        waiting=waiting,
        total=sum(each.count for each in waiting.values()),
        own=sum(each.count for kind, each in waiting.items() if kind in mine),
        oldest=oldest.rows,
        address=address,
        meanings=MEANINGS,
        waited=WAITED,
        awaited=queue.WAITED,
    )
