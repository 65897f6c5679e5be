"""Software that a collectivité named and the registry lacks: attached to a product, or refused."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Collectivite, Product, SoftwareRequest
from registry.domain import collectivites, products
from registry.domain import software_requests as domain
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.queries import Query
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

ONE = "/espace/ministere/logiciels-nommes/{id:int}"
FOUND = 20
QUEUE = "/espace/ministere/file?sorte=SOFTWARE_TO_SETTLE"


class Request(NamedTuple):
    row: SoftwareRequest
    town: Collectivite
    product: Product | None


def routes(at: At) -> list[Route]:
    return [
        at(ONE, for_ministry(show)),
        at(f"{ONE}/rattachement", for_ministry(settle), "POST"),
        at(f"{ONE}/refus", for_ministry(refuse), "POST"),
    ]


async def show(visit: Visit) -> Response:
    return await _shown(visit, EMPTY)


async def _shown(visit: Visit, form: Form) -> Response:
    """What is searched is first what the collectivité wrote."""
    query = Query.of(visit.request, ("q",), paging=())
    async with visit.database.read() as session:
        request = await _request(session, visit)
        text = form.text("q") or query.get("q") or request.row.name
        settled = request.row.settled_on is not None
        matches = [] if settled else await products.offered(session, text, visit.today, FOUND)
    return visit.page(
        "spaces/ministry/software_request.html",
        request=request,
        matches=matches,
        search=Form.of(q=text),
        form=form,
        place=f"/espace/ministere/logiciels-nommes/{request.row.id}",
    )


async def _request(session: AsyncSession, visit: Visit) -> Request:
    row = await domain.by_id(session, visit.actor, visit.number())
    if row is None:
        raise NotFound("id", "Aucune demande n’a cet identifiant.")
    town = (await collectivites.by_ids(session, [row.collectivite_id]))[row.collectivite_id]
    used = await products.by_ids(session, [row.product_id] if row.product_id else [])
    return Request(row, town, used.get(row.product_id or 0))


async def settle(visit: Visit) -> Response:
    form, key = await posted(visit), visit.number()
    siren, _, slug = form.required("product").partition("/")

    async def work(session: AsyncSession, _: Said) -> SoftwareRequest:
        return await domain.settle(session, visit.actor, key, siren, slug)

    done = "Le logiciel est rattaché : la collectivité l’a désormais parmi les siens."
    return await sent(visit, form, work, to=QUEUE, said=done, again=_shown)


async def refuse(visit: Visit) -> Response:
    form, key = await posted(visit), visit.number()
    reason = form.required("reason")

    async def work(session: AsyncSession, _: Said) -> SoftwareRequest:
        return await domain.refuse(session, visit.actor, key, reason)

    done = "La demande est refusée, avec son motif."
    return await sent(visit, form, work, to=QUEUE, said=done, again=_shown)
