"""The uses of software that an organisation runs for others."""

from functools import partial
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Collectivite, Demarche, Deployment, Product
from registry.domain import actors, clients, collectivites, deployments, products, vendors
from registry.domain.clients import ClientFilter, ClientOrder
from registry.domain.pages import Page, Slice
from registry.domain.policy import Action, Capacity, may, require_signed_in
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.queries import Query, read_page
from registry.web.spaces.vendors.clients import COLUMNS as USE_COLUMNS
from registry.web.spaces.vendors.clients import ORDERS, as_record
from registry.web.visits import At, Visit

LIST = "/espace/operateur"
FILTERS = ("demarche", "q", "tri")
COLUMNS = (*USE_COLUMNS, "acknowledged")


class Operated(NamedTuple):
    """``acknowledged``: the collectivité or the ministry said it, so that the operator may act."""

    link: Deployment
    town: Collectivite
    product: Product
    vendor_siren: str
    acknowledged: bool


def routes(at: At) -> list[Route]:
    return [at(LIST, show), *exports.routes(at, LIST, lambda format: partial(as_file, format))]


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    query, found = await read_page(visit.database, query, partial(_page, visit, query))
    async with visit.database.read() as session:
        operates = Capacity.OPERATOR in await actors.capacities(session, visit.actor)
    return visit.page(
        "spaces/operator.html",
        200 if found else 400,
        found=found,
        query=query,
        orders=ORDERS,
        operates=operates,
    )


async def as_file(format: Format, visit: Visit) -> Response:
    source = exports.from_pages(
        COLUMNS, partial(_page, visit, Query.of(visit.request, FILTERS, paging=())), _record
    )
    return await exports.export_private(visit, format, "usages-exploites", source)


async def _page(visit: Visit, query: Query, session: AsyncSession, page: Page) -> Slice[Operated]:
    require_signed_in(visit.actor)
    wanted = ClientFilter(demarche=query.word("demarche", Demarche), text=query.get("q"))
    order = query.word("tri", ClientOrder) or ClientOrder.COLLECTIVITE
    found = await clients.operated(session, visit.actor.sirens, page, wanted, order)
    used = await products.by_ids(session, [row.product_id for row in found.rows])
    towns = await collectivites.by_ids(session, [row.collectivite_id for row in found.rows])
    owners = await vendors.by_ids(session, [product.vendor_id for product in used.values()])

    def operated(row: Deployment) -> Operated:
        product = used[row.product_id]
        acts = may(visit.actor, Action.RECORD_ACTIVATION, deployments.subject(row, product))
        town, owner = towns[row.collectivite_id], owners[product.vendor_id]
        return Operated(row, town, product, owner.siren, acts)

    return found.carrying(map(operated, found.rows))


def _record(row: Operated) -> Record:
    used = as_record(row.link, row.town, row.vendor_siren, row.product)
    return {**used, "acknowledged": row.acknowledged}
