"""Who may act for the collectivité without being of it."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Collectivite, Delegation
from registry.domain import delegations
from registry.domain.delegations import Delegate
from registry.domain.histories import Said
from registry.domain.policy import Action, Subject, authorise, may
from registry.exchange.lists import Format
from registry.web import exports
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.queries import Query, read_page
from registry.web.spaces import delegations as shared
from registry.web.spaces.guards import for_town
from registry.web.visits import At, Visit

LIST = "/espace/collectivites/{code}/delegues"


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_town(listed)),
        *exports.routes(at, LIST, lambda format: for_town(partial(as_file, format))),
        at(LIST, for_town(name), "POST"),
        at(f"{LIST}/{{id:int}}/fin", for_town(end), "POST"),
    ]


async def listed(visit: Visit, town: Collectivite) -> Response:
    return await _listed(town, visit, EMPTY)


async def _listed(town: Collectivite, visit: Visit, form: Form) -> Response:
    """A delegate names no delegate, and does not see the others."""
    place = f"/espace/collectivites/{town.code}/delegues"
    query, found = Query.of(visit.request, shared.FILTERS, place), None
    member = may(visit.actor, Action.NAME_DELEGATES, Subject(siren=town.siren))
    if member:
        query, found = await read_page(visit.database, query, partial(shared.listed, visit, query))
    return visit.page(
        "spaces/collectivites/delegations.html",
        400 if query.faults else 200,
        town=town,
        member=member,
        query=query,
        found=found,
        form=form,
    )


async def as_file(format: Format, visit: Visit, town: Collectivite) -> Response:
    authorise(visit.actor, Action.NAME_DELEGATES, Subject(siren=town.siren))
    return await shared.as_file(format, visit)


async def name(visit: Visit, town: Collectivite) -> Response:
    form = await posted(visit)
    given = Delegate(form.required("delegateSiren"), form.required("email"))

    async def work(session: AsyncSession, _: Said) -> Delegation:
        return await delegations.name(session, visit.actor, town.siren or "", given)

    to = f"/espace/collectivites/{town.code}/delegues"
    done = "Cette personne pourra agir pour vous dès sa prochaine connexion."
    return await sent(visit, form, work, to=to, said=done, again=partial(_listed, town))


async def end(visit: Visit, town: Collectivite) -> Response:
    form, key = await posted(visit), visit.number()

    async def work(session: AsyncSession, _: Said) -> Delegation:
        return await delegations.end(session, visit.actor, key)

    to = f"/espace/collectivites/{town.code}/delegues"
    done = "Cette délégation a pris fin."
    return await sent(visit, form, work, to=to, said=done, again=partial(_listed, town))
