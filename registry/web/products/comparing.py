"""Two products side by side, and the choice of those to compare."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Demarche, Product
from registry.domain import products
from registry.domain.clients import ClientsOf
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import Holder
from registry.domain.errors import InvalidInput
from registry.domain.pages import Page
from registry.domain.products import ProductFilter, ProductOrder
from registry.domain.rollout import clientele, sheets
from registry.domain.rollout.sheets import Sheet
from registry.web.queries import Query
from registry.web.visits import Visit

SIDES = ("a", "b")
OFFERED = 20


@dataclass(frozen=True, slots=True)
class Side:
    """``name`` is its parameter; what is not chosen yet is looked for among ``offered``, of which
    there may be ``more``.
    """

    name: str
    sheet: Sheet | None = None
    text: str = ""
    offered: Sequence[Sheet] = ()
    more: bool = False


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request, (*SIDES, *(f"cherche-{side}" for side in SIDES)), paging=())
    async with visit.database.read() as session:
        chosen = [await _chosen(session, query, name) for name in SIDES]
        known = [row for row in chosen if row is not None]
        rows = await sheets.of_products(session, known, visit.today)
        by_id = {sheet.product.recorded_id: sheet for sheet in rows}
        sides = [
            Side(name, by_id[row.recorded_id])
            if row is not None
            else await _missing(visit, session, query, name, known)
            for name, row in zip(SIDES, chosen, strict=True)
        ]
        ids = [row.recorded_id for row in known]
        clients = await clientele.of_each(session, ClientsOf.PRODUCT, ids, visit.today)
        opened = await disputes.open_counts(session, ids, Holder.PRODUCT)
    return visit.page(
        "comparison.html",
        query=query,
        sides=sides,
        clients=clients,
        open_disputes=opened,
    )


async def _chosen(session: AsyncSession, query: Query, name: str) -> Product | None:
    key = query.get(name)
    if key is None:
        return None
    siren, slash, slug = key.partition("/")
    if not slash:
        raise InvalidInput(name, f"« {name} » attend un logiciel, comme SIREN/identifiant.")
    return await products.named(session, siren, slug)


async def _missing(
    visit: Visit, session: AsyncSession, query: Query, name: str, known: Sequence[Product]
) -> Side:
    """Without words to look for, what may replace the other one is offered."""
    text = query.get(f"cherche-{name}")
    if text is None and not known:
        return Side(name)
    demarche = Demarche(known[0].demarches[0]) if text is None and known[0].demarches else None
    wanted = ProductFilter(text=text, demarche=demarche, retired=False)
    found = await products.listed(session, Page(first=OFFERED), wanted, ProductOrder.NAME_ASC)
    others = [row for row in found.rows if row not in known]
    offered = await sheets.of_products(session, others, visit.today)
    return Side(name, None, text or "", offered, found.has_next)
