"""Who uses the vendor's products, one by one: for the vendor itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, Demarche, Deployment, Product
from registry.domain import clients, collectivites, deployments, products
from registry.domain.clients import ClientFilter, ClientOrder, ClientsOf
from registry.domain.errors import InvalidInput
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.exchange.lists import Format, Record
from registry.exchange.tables import DEPLOYMENTS, NAME
from registry.web.exports import export_private, from_pages
from registry.web.forms import EMPTY, Form, posted
from registry.web.queries import Listed, Query, tried
from registry.web.spaces.vendors.space import Page as Served
from registry.web.spaces.vendors.space import Space

ORDERS = {
    ClientOrder.COLLECTIVITE: "par code de collectivité",
    ClientOrder.SINCE_DESC: "les plus récents d’abord",
}
AWAITED = "vous"
"""The value of the filter of confirmations that stands for those which wait for the vendor."""
CONFIRMATIONS = {
    "oui": "confirmés",
    "non": "non confirmés",
    AWAITED: "à confirmer par vous",
}
FILTERS = ("confirme", "demarche", "q", "tri", "logiciel")
COLUMNS = ("collectivite", NAME, *(column.name for column in DEPLOYMENTS.columns[1:]))
"""Those of the file that declares uses: the list goes back as it came."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of the vendor, or of one of its products."""

    owner: ClientsOf
    key: int
    wanted: ClientFilter
    order: ClientOrder


@dataclass(frozen=True, slots=True)
class Client:
    deployment: Deployment
    body: Collectivite
    product: Product

    @property
    def confirmed(self) -> bool:
        return deployments.is_confirmed(self.deployment)


async def show(space: Space) -> Response:
    return await _shown(space, EMPTY)


async def _shown(space: Space, form: Form) -> Response:
    query = Query.of(space.visit.request, FILTERS)
    async with space.visit.database.read() as session:
        owned = await _owned(session, space)
        query, found = await tried(query, _listed(session, space, query, owned))
    return space.page(
        "clients.html",
        200 if found else 400,
        query=query,
        named=[(product.slug, product.name) for product in owned.values()],
        confirmations=CONFIRMATIONS,
        orders=ORDERS,
        found=found,
        form=form,
    )


async def confirm(space: Space) -> Response:
    """Those that are ticked; then the same list again, with the same filters."""
    form = await posted(space.visit)
    uses = form.numbers("usage")

    async def work(session: AsyncSession, _: Said) -> Deployment:
        return await deployments.confirm_each(session, space.visit.actor, uses)

    done = "Cet usage est confirmé." if len(uses) == 1 else f"{len(uses)} usages sont confirmés."
    return await space.sent(form, work, to=space.visit.address, said=done, again=_shown)


async def _listed(
    session: AsyncSession, space: Space, query: Query, owned: Mapping[int, Product]
) -> Listed[set[int]]:
    """Told: the deployments that the vendor is to confirm."""
    asked = _asked(space, query, owned)
    found = await _page(asked, owned, session, query.page())
    count = await clients.count_of_each(session, asked.owner, [asked.key], asked.wanted)
    confirmable = {
        row.deployment.recorded_id
        for row in found.rows
        if deployments.is_confirmable(space.visit.actor, row.deployment, row.product)
    }
    return Listed(found, count.get(asked.key, 0), confirmable)


def as_file(format: Format) -> Served:
    """The whole list with the same filters, as ``csv`` or ``json``."""

    async def write(space: Space) -> Response:
        async with space.visit.database.read() as session:
            owned = await _owned(session, space)
        asked = _asked(space, Query.of(space.visit.request, FILTERS, paging=()), owned)
        record = partial(_as_record, space.vendor.siren)
        source = from_pages(COLUMNS, partial(_page, asked, owned), record)
        return await export_private(space.visit, format, f"clients-{space.vendor.siren}", source)

    return write


async def _owned(session: AsyncSession, space: Space) -> dict[int, Product]:
    clients.check(space.visit.actor, space.vendor.recorded_id)
    found = await products.of_vendor(session, space.vendor.recorded_id)
    return {product.recorded_id: product for product in found}


def _asked(space: Space, query: Query, owned: Mapping[int, Product]) -> Asked:
    awaited = query.get("confirme") == AWAITED
    wanted = ClientFilter(
        demarche=query.word("demarche", Demarche),
        confirmed=None if awaited else query.flag("confirme"),
        awaited=awaited,
        text=query.get("q"),
    )
    order = query.word("tri", ClientOrder) or ClientOrder.COLLECTIVITE
    slug = query.get("logiciel")
    if slug is None:
        return Asked(ClientsOf.VENDOR, space.vendor.recorded_id, wanted, order)
    product = next((each for each in owned.values() if each.slug == slug), None)
    if product is None:
        raise InvalidInput("logiciel", f"« {slug} » n’est pas l’un de vos logiciels.")
    return Asked(ClientsOf.PRODUCT, product.recorded_id, wanted, order)


async def _page(
    asked: Asked, owned: Mapping[int, Product], session: AsyncSession, page: Page
) -> Slice[Client]:
    found = await clients.of_one(session, asked.owner, asked.key, page, asked.wanted, asked.order)
    bodies = await collectivites.by_ids(session, [row.collectivite_id for row in found.rows])
    return found.carrying(
        Client(row, bodies[row.collectivite_id], owned[row.product_id]) for row in found.rows
    )


def _as_record(siren: str, row: Client) -> Record:
    return as_record(row.deployment, row.body, siren, row.product)


def as_record(used: Deployment, body: Collectivite, siren: str, product: Product) -> Record:
    return {
        "collectivite": body.code,
        NAME: body.name,
        "vendor_siren": siren,
        "product": product.slug,
        "demarche": used.demarche,
        "since": used.since,
        "until": used.until,
        "operator": used.operator,
        "declared_by": used.declared_by,
        "confirmed_by": used.confirmed_by,
    }
