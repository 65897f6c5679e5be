"""The uses of software that an organisation runs for others."""

from functools import partial
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Collectivite, Demarche, Deployment, Product
from registry.domain import actors, clients, collectivites, deployments, products
from registry.domain.clients import ClientFilter, ClientOrder
from registry.domain.pages import Page, Slice
from registry.domain.policy import Action, Capacity, may, require_signed_in
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.queries import Query, read_page
from registry.web.spaces.vendors.clients import ORDERS
from registry.web.visits import At, Visit

LIST = "/espace/operateur"
FILTERS = ("demarche", "q", "tri")
COLUMNS = ("collectivite", "name", "product", "demarche", "since", "acknowledged")


class Operated(NamedTuple):
    """``acknowledged``: the collectivité or the ministry said it, so that the operator may act."""

    link: Deployment
    town: Collectivite
    product: Product
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
    return found.carrying(
        Operated(row, towns[row.collectivite_id], used[row.product_id], _acts(visit, row, used))
        for row in found.rows
    )


def _acts(visit: Visit, row: Deployment, used: dict[int, Product]) -> bool:
    subject = deployments.subject(row, used[row.product_id])
    return may(visit.actor, Action.RECORD_ACTIVATION, subject)


def _record(row: Operated) -> Record:
    return {
        "collectivite": row.town.code,
        "name": row.town.name,
        "product": row.product.name,
        "demarche": row.link.demarche,
        "since": row.link.since,
        "acknowledged": row.acknowledged,
    }
