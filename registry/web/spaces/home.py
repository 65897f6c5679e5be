"""One's own space; a choice where there are several."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from registry.domain import actors, collectivites, vendors
from registry.domain.actor import Actor
from registry.domain.policy import Capacity, require_signed_in
from registry.web.visits import PRIVATE, At, Visit


class Space(NamedTuple):
    address: str
    name: str
    words: str


def routes(at: At) -> list[Route]:
    return [at("/espace", show)]


async def show(visit: Visit) -> Response:
    require_signed_in(visit.actor)
    async with visit.database.read() as session:
        spaces = await _spaces(session, visit.actor)
    if len(spaces) == 1:
        return RedirectResponse(spaces[0].address, 303, PRIVATE)
    return visit.page("spaces/home.html", spaces=spaces, actor=visit.actor)


async def _spaces(session: AsyncSession, actor: Actor) -> list[Space]:
    capacities = await actors.capacities(session, actor)
    owned = await vendors.by_ids(session, [*actor.vendors])
    towns = await collectivites.by_ids(session, [*actor.collectivites])
    found = []
    if Capacity.MINISTRY in capacities:
        found.append(Space("/espace/ministere", "Le ministère", "instruire et piloter"))
    for vendor in sorted(owned.values(), key=lambda vendor: vendor.name):
        found.append(Space(f"/espace/editeurs/{vendor.siren}", vendor.name, "éditeur"))
    for town in sorted(towns.values(), key=lambda town: town.name):
        found.append(Space(f"/espace/collectivites/{town.code}", town.name, "collectivité"))
    if Capacity.OPERATOR in capacities:
        words = "opérateur, qui exploite des logiciels pour des collectivités"
        found.append(Space("/espace/operateur", "Les usages que vous exploitez", words))
    return found
