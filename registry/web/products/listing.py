"""The list of the registry's products, and its files."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import DeliveryModel, Demarche, Product
from registry.domain import products
from registry.domain.pages import WHOLE
from registry.domain.products import ProductFilter, ProductOrder
from registry.domain.rollout import sheets
from registry.domain.rollout.sheets import Counts, Sheet
from registry.domain.rollout.verdicts import Verdict
from registry.domain.words import VERDICTS
from registry.exchange.lists import Format, Record
from registry.web.exports import export, from_rows
from registry.web.queries import Listed, Query, states, tried
from registry.web.visits import Visit

ORDERS = {
    ProductOrder.NAME_ASC: "par nom, de A à Z",
    ProductOrder.NAME_DESC: "par nom, de Z à A",
    ProductOrder.KEY_ASC: "par SIREN de l’éditeur, croissant",
    ProductOrder.KEY_DESC: "par SIREN de l’éditeur, décroissant",
}
STATES = states(VERDICTS, Verdict.NOT_INTEGRATED, "n’a rien déclaré à ce jour")
FILTERS = ("q", "editeur", "demarche", "connexion", "fourniture", "retires", "etat", "tri")
COLUMNS = (
    "vendor_siren", "vendor_name", "slug", "name", "demarches", "citizen_login", "delivery_model",
    "retired_on", "verdict", "evidence_level", "since", "vendor_declared", "commitment",
    "commitment_since", "commitment_declared_by", "client_count", "open_dispute_count",
)  # fmt: skip

Counted = tuple[Sheet, Counts]


def asked(query: Query) -> tuple[ProductFilter, ProductOrder]:
    verdict, silent = query.state("etat", Verdict, Verdict.NOT_INTEGRATED)
    wanted = ProductFilter(
        text=query.get("q"),
        vendor_siren=query.get("editeur"),
        demarche=query.word("demarche", Demarche),
        citizen_login=query.flag("connexion"),
        delivery_model=query.word("fourniture", DeliveryModel),
        retired=query.flag("retires"),
        verdict=verdict,
        silent=silent,
    )
    return wanted, query.word("tri", ProductOrder) or ProductOrder.NAME_ASC


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    async with visit.database.read() as session:
        query, found = await tried(query, _listed(session, query, visit.today))
    return visit.page(
        "products.html",
        200 if found else 400,
        query=query,
        found=found,
        orders=ORDERS,
        states=STATES,
    )


async def _listed(session: AsyncSession, query: Query, day: date) -> Listed[list[Counted]]:
    wanted, order = asked(query)
    found = await products.listed(session, query.page(), wanted, order)
    rows = await _counted(session, found.rows, day)
    return Listed(found, await products.count(session, wanted), rows)


async def file(format: Format, visit: Visit) -> Response:
    wanted, order = asked(Query.of(visit.request, FILTERS, paging=()))

    async def read(session: AsyncSession) -> Iterable[Record]:
        found = await products.listed(session, WHOLE, wanted, order)
        return map(_record, await _counted(session, found.rows, visit.today))

    return await export(visit, format, "logiciels", from_rows(COLUMNS, read))


async def _counted(session: AsyncSession, rows: Sequence[Product], day: date) -> list[Counted]:
    known = await sheets.of_products(session, rows, day)
    counts = await sheets.counts(session, [row.recorded_id for row in rows], day)
    return [(sheet, counts[sheet.product.recorded_id]) for sheet in known]


def _record(counted: Counted) -> Record:
    sheet, counts = counted
    product, read = sheet.product, sheet.commitment
    return {
        "vendor_siren": sheet.vendor.siren,
        "vendor_name": sheet.vendor.name,
        "slug": product.slug,
        "name": product.name,
        "demarches": product.demarches,
        "citizen_login": product.citizen_login,
        "delivery_model": product.delivery_model,
        "retired_on": product.retired_on,
        "verdict": sheet.verdict,
        "evidence_level": sheet.level,
        "since": sheet.since,
        "vendor_declared": sheet.declared,
        "commitment": None if read is None else read.state,
        "commitment_since": sheet.commitment_since,
        "commitment_declared_by": None if read is None else read.row.declared_by,
        "client_count": counts.clients,
        "open_dispute_count": counts.open_disputes,
    }
