"""The list of the registry's products, and its files."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import DeliveryModel, Demarche, Product
from registry.domain import products
from registry.domain.pages import Page, Slice
from registry.domain.products import ProductFilter, ProductOrder
from registry.domain.rollout import sheets
from registry.domain.rollout.sheets import Counts, Sheet
from registry.web.queries import Query
from registry.web.twins import Record, every, twin
from registry.web.visits import Visit

ORDERS = {
    ProductOrder.NAME_ASC: "par nom, de A à Z",
    ProductOrder.NAME_DESC: "par nom, de Z à A",
    ProductOrder.KEY_ASC: "par SIREN de l’éditeur, croissant",
    ProductOrder.KEY_DESC: "par SIREN de l’éditeur, décroissant",
}
COLUMNS = (
    "vendorSiren", "vendorName", "slug", "name", "demarches", "citizenLogin", "deliveryModel",
    "retiredOn", "verdict", "evidenceLevel", "since", "vendorDeclared", "commitment",
    "commitmentSince", "commitmentDeclaredBy", "clientCount", "openDisputeCount",
)  # fmt: skip

Counted = tuple[Sheet, Counts]


def asked(query: Query) -> tuple[ProductFilter, ProductOrder]:
    wanted = ProductFilter(
        text=query.get("q"),
        vendor_siren=query.get("editeur"),
        demarche=query.word("demarche", Demarche),
        citizen_login=query.flag("connexion"),
        delivery_model=query.word("fourniture", DeliveryModel),
        retired=query.flag("retires"),
    )
    return wanted, query.word("tri", ProductOrder) or ProductOrder.NAME_ASC


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request)
    wanted, order = asked(query)
    async with visit.database.read() as session:
        found = await products.listed(session, query.page(), wanted, order)
        rows = await _counted(session, found.rows, visit.today)
        total = await products.count(session, wanted)
    return visit.page(
        "products.html",
        query=query,
        found=found,
        rows=rows,
        total=total,
        orders=ORDERS,
    )


async def file(kind: str, visit: Visit) -> Response:
    wanted, order = asked(Query.of(visit.request))

    async def fetch(page: Page) -> Slice[Counted]:
        async with visit.database.read() as session:
            found = await products.listed(session, page, wanted, order)
            return found.carrying(await _counted(session, found.rows, visit.today))

    return twin(kind, "logiciels", COLUMNS, await every(fetch, _record))


async def _counted(session: AsyncSession, rows: Sequence[Product], day: date) -> list[Counted]:
    known = await sheets.of_products(session, rows, day)
    counts = await sheets.counts(session, [row.recorded_id for row in rows], day)
    return [(sheet, counts[sheet.product.recorded_id]) for sheet in known]


def _record(counted: Counted) -> Record:
    sheet, counts = counted
    product, read = sheet.product, sheet.commitment
    return {
        "vendorSiren": sheet.vendor.siren,
        "vendorName": sheet.vendor.name,
        "slug": product.slug,
        "name": product.name,
        "demarches": product.demarches,
        "citizenLogin": product.citizen_login,
        "deliveryModel": product.delivery_model,
        "retiredOn": product.retired_on,
        "verdict": sheet.verdict,
        "evidenceLevel": sheet.level,
        "since": sheet.since,
        "vendorDeclared": sheet.declared,
        "commitment": None if read is None else read.state,
        "commitmentSince": sheet.commitment_since,
        "commitmentDeclaredBy": None if read is None else read.row.declared_by,
        "clientCount": counts.clients,
        "openDisputeCount": counts.open_disputes,
    }
