"""A collectivité names a software that the registry lacks."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Demarche, SoftwareRequest
from registry.domain import software_requests
from registry.domain.histories import Said
from registry.domain.policy import Action
from registry.domain.software_requests import Named
from registry.web.collectivites.finding import code_of, own, page_of
from registry.web.forms import Form, posted, sent
from registry.web.visits import Visit


async def show(visit: Visit) -> Response:
    return await _asked(visit, Form.of(name=visit.request.query_params.get("q")))


async def _asked(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        body = await own(session, visit, Action.NAME_SOFTWARE)
    return visit.page("collectivites/name.html", body=body, form=form, known=list(Demarche))


async def name(visit: Visit) -> Response:
    form = await posted(visit)
    given = Named(
        form.required("name"),
        form.words("demarches", Demarche),
        form.text("vendorName"),
        form.text("vendorSiren"),
        form.date("since"),
    )

    async def work(session: AsyncSession, said: Said) -> SoftwareRequest:
        return await software_requests.name(session, visit.actor, code_of(visit), given)

    return await sent(
        visit,
        form,
        work,
        to=page_of(visit),
        said=f"Merci : le ministère va rattacher « {given.name} » au registre.",
        again=_asked,
    )
