"""Who of another organisation may act for the vendor."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Delegation
from registry.domain import delegations
from registry.domain.delegations import Delegate
from registry.domain.histories import Said
from registry.exchange.lists import Format
from registry.web.forms import EMPTY, Form, posted
from registry.web.queries import Query, read_page
from registry.web.spaces import delegations as shared
from registry.web.spaces.vendors.space import Page as Served
from registry.web.spaces.vendors.space import Space
from registry.web.spaces.vendors.tokens import is_member, only_members


async def show(space: Space) -> Response:
    return await _page(space, EMPTY)


def as_file(format: Format) -> Served:
    """The whole list, as ``csv`` or ``json``."""

    async def write(space: Space) -> Response:
        await only_members(space)
        return await shared.as_file(format, space.visit)

    return write


async def name(space: Space) -> Response:
    form, actor = await posted(space.visit), space.visit.actor
    given = Delegate(form.required("delegateSiren"), form.required("email"))

    async def work(session: AsyncSession, _: Said) -> Delegation:
        return await delegations.name(session, actor, actor.organisation or "", given)

    said = "Cette personne agira pour vous à sa prochaine connexion."
    return await space.sent(form, work, to=space.to("delegues"), said=said, again=_page)


async def end(space: Space) -> Response:
    form, number = await posted(space.visit), space.visit.number()

    async def work(session: AsyncSession, _: Said) -> Delegation:
        return await delegations.end(session, space.visit.actor, number)

    said = "La délégation a pris fin."
    return await space.sent(form, work, to=space.to("delegues"), said=said, again=_page)


async def _page(space: Space, form: Form) -> Response:
    query, found = Query.of(space.visit.request, shared.FILTERS, space.to("delegues")), None
    member = await is_member(space)
    if member:
        query, found = await read_page(
            space.visit.database, query, partial(shared.listed, space.visit, query)
        )
    status = 400 if query.faults else 200
    return space.page(
        "delegations.html", status, form=form, member=member, query=query, found=found
    )
