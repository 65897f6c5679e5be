"""The establishments whose agents act for the ministry."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import AllowedSiret
from registry.domain import allowed_sirets
from registry.domain.histories import Said
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

LIST = "/espace/ministere/etablissements"


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(listed)),
        at(LIST, for_ministry(allow), "POST"),
        at(f"{LIST}/retrait", for_ministry(disallow), "POST"),
    ]


async def listed(visit: Visit) -> Response:
    return await _listed(visit, EMPTY)


async def _listed(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        found = await allowed_sirets.seen(session, visit.actor)
    return visit.page("spaces/ministry/allowed_sirets.html", found=found or [], form=form)


async def allow(visit: Visit) -> Response:
    form = await posted(visit)
    siret, label = form.required("siret"), form.required("label")

    async def work(session: AsyncSession, _: Said) -> AllowedSiret:
        return await allowed_sirets.allow(session, visit.actor, siret, label)

    done = "Les agents de cet établissement agissent pour le ministère."
    return await sent(visit, form, work, to=LIST, said=done, again=_listed)


async def disallow(visit: Visit) -> Response:
    form = await posted(visit)

    async def work(session: AsyncSession, _: Said) -> AllowedSiret:
        return await allowed_sirets.disallow(session, visit.actor, form.get("removed"))

    done = "Les agents de cet établissement n’agissent plus pour le ministère."
    return await sent(visit, form, work, to=LIST, said=done, again=_listed)
