"""Who of another organisation may act for the vendor."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Delegation
from registry.domain import delegations
from registry.domain.delegations import Delegate
from registry.domain.histories import Said
from registry.web.forms import EMPTY, Form, posted
from registry.web.spaces.vendors.space import Space
from registry.web.spaces.vendors.tokens import is_member


async def show(space: Space) -> Response:
    return await _page(space, EMPTY)


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
    async with space.visit.database.read() as session:
        member = await is_member(session, space)
        rows = await delegations.of_organisation(session, space.visit.actor) if member else []
    return space.page("delegations.html", form=form, member=member, rows=rows)
