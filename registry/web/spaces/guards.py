"""Whose page it is: everyone else is refused before anything is read of it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps

from starlette.responses import RedirectResponse, Response

from models import Collectivite
from registry.domain import actors, collectivites
from registry.domain.actor import Actor, Role
from registry.domain.errors import NotAllowed
from registry.domain.policy import Action, Subject, authorise, require_signed_in
from registry.web.visits import PRIVATE, Endpoint, Visit

TownEndpoint = Callable[[Visit, Collectivite], Awaitable[Response]]
NOT_YOURS = "Cet espace est celui d’une collectivité pour laquelle vous n’agissez pas."


def for_ministry(endpoint: Endpoint) -> Endpoint:
    @wraps(endpoint)
    async def run(visit: Visit) -> Response:
        authorise(visit.actor, Action.SEE_QUEUE)
        return await endpoint(visit)

    return run


def for_town(endpoint: TownEndpoint) -> Endpoint:
    """A code that vanished goes on to the one that took over from it."""

    @wraps(endpoint)
    async def run(visit: Visit) -> Response:
        require_signed_in(visit.actor)
        code = visit.request.path_params["code"]
        async with visit.database.read() as session:
            town = await collectivites.named(session, "code", code)
            subject = Subject(collectivite=town.recorded_id)
            actor = await actors.acting_for(session, visit.actor, subject)
        if town.recorded_id not in visit.actor.collectivites:
            raise NotAllowed(NOT_YOURS)
        if code != town.code and visit.request.method == "GET":
            there = visit.address.replace(f"/{code}", f"/{town.code}", 1)
            return RedirectResponse(there, 308, PRIVATE)
        return await endpoint(replace(visit, actor=actor), town)

    return run


def as_town(visit: Visit, town: Collectivite) -> Actor:
    """Who asks, with what they may see for that collectivité alone."""
    own = frozenset({town.recorded_id})
    return replace(visit.actor, role=Role.MEMBER, vendors=frozenset(), collectivites=own)
