"""A collectivité corrects what is said of a use of software, or ends it."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, Demarche, Deployment, Product
from registry.domain import deployments, products
from registry.domain.deployments import Changes
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.policy import Action
from registry.web.collectivites.finding import own, page_of
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.visits import Visit

Held = tuple[Collectivite, Deployment, Product]


async def _held(visit: Visit) -> Held:
    async with visit.database.read() as session:
        body = await own(session, visit, Action.CORRECT_DEPLOYMENT)
        row = (await deployments.by_ids(session, [visit.number()])).get(visit.number())
        if row is None or row.collectivite_id != body.id:
            raise NotFound("id", f"{body.name} n’a pas d’usage de ce numéro.")
        product = (await products.by_ids(session, [row.product_id]))[row.product_id]
    return body, row, product


async def show(visit: Visit) -> Response:
    held = await _held(visit)
    row = held[1]
    form = Form.of(since=row.since, operator=row.operator, demarche=row.demarche)
    return _correcting(visit, held, form)


def _correcting(visit: Visit, held: Held, form: Form) -> Response:
    body, row, product = held
    offered = [Demarche(code) for code in product.demarches]
    return visit.page(
        "collectivites/correct.html",
        body=body,
        row=row,
        product=product,
        offered=offered,
        settled=deployments.is_confirmed(row),
        form=form,
    )


async def correct(visit: Visit) -> Response:
    form = await posted(visit)
    version, since = form.integer("version"), form.date("since")
    demarche = form.word("demarche", Demarche)
    form.required("since")
    changes: Changes = {"operator": form.text("operator")}
    if since is not None:
        changes["since"] = since
    if demarche is not None:
        changes["demarche"] = demarche

    async def work(session: AsyncSession, said: Said) -> Deployment:
        return await deployments.correct(
            session, visit.actor, visit.number(), version or 0, changes
        )

    async def again(visit: Visit, form: Form) -> Response:
        return _correcting(visit, await _held(visit), form)

    said = "Cet usage est corrigé. L’éditeur va le confirmer à son tour."
    return await sent(visit, form, work, to=page_of(visit), said=said, again=again)


async def show_end(visit: Visit) -> Response:
    return await _ending(visit, EMPTY)


async def _ending(visit: Visit, form: Form) -> Response:
    body, row, product = await _held(visit)
    return visit.page("collectivites/end.html", body=body, row=row, product=product, form=form)


async def end(visit: Visit) -> Response:
    form = await posted(visit)
    version, until = form.integer("version"), form.date("until")

    async def work(session: AsyncSession, said: Said) -> Deployment:
        return await deployments.end(session, visit.actor, visit.number(), version or 0, until)

    said = "La fin de cet usage est enregistrée."
    return await sent(visit, form, work, to=page_of(visit), said=said, again=_ending)
