"""A collectivité says that it has no online démarche, or no longer says so."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite
from registry.domain import collectivites
from registry.domain.histories import Said
from registry.domain.policy import Action
from registry.web.collectivites import showing
from registry.web.collectivites.finding import code_of, own, page_of
from registry.web.forms import Form, posted, sent
from registry.web.visits import Visit


async def show(visit: Visit) -> Response:
    return await _asked(visit, Form())


async def _asked(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        body = await own(session, visit, Action.DECLARE_NO_DEMARCHE)
    return visit.page("collectivites/offline.html", body=body, form=form)


async def declare(visit: Visit) -> Response:
    form = await posted(visit)
    since = form.date("since")

    async def work(session: AsyncSession, said: Said) -> Collectivite:
        return await collectivites.declare_no_online_demarche(
            session, visit.actor, code_of(visit), since
        )

    return await sent(
        visit,
        form,
        work,
        to=page_of(visit),
        said="C’est noté : vous ne proposez aucune démarche en ligne, et rien ne vous est demandé.",
        again=_asked,
    )


async def withdraw(visit: Visit) -> Response:
    form = await posted(visit)

    async def work(session: AsyncSession, said: Said) -> Collectivite:
        return await collectivites.withdraw_no_online_demarche(session, visit.actor, code_of(visit))

    return await sent(
        visit,
        form,
        work,
        to=page_of(visit),
        said="C’est noté : vous proposez des démarches en ligne. Déclarez le logiciel employé.",
        again=showing.page,
    )
