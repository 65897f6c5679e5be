"""The page of a product."""

from html import escape

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from registry.domain import commitments, integrations, products
from registry.domain.clients import ClientsOf
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import Holder
from registry.domain.rollout import clientele, sheets
from registry.domain.rollout.sheets import Sheet
from registry.domain.words import of
from registry.web import timeline
from registry.web.publishing import elsewhere
from registry.web.timeline import Step
from registry.web.visits import Visit


async def show(visit: Visit) -> Response:
    siren, slug = (visit.request.path_params[name] for name in ("siren", "slug"))
    async with visit.database.read() as session:
        product = await products.named(session, siren, slug)
        [sheet] = await sheets.of_products(session, [product], visit.today)
        if sheet.key != f"{siren}/{slug}":
            return elsewhere(f"/editeurs/{sheet.key}")
        steps = await _steps(session, sheet)
        identifier = product.recorded_id
        clients = await clientele.of_each(session, ClientsOf.PRODUCT, [identifier], visit.today)
        opened = await disputes.open_counts(session, [identifier], Holder.PRODUCT)
        former = await products.former_keys(session, [identifier])
    return visit.page(
        "product.html",
        sheet=sheet,
        steps=steps,
        clients=clients[identifier],
        open_disputes=opened.get(identifier, 0),
        former=former.get(identifier, []),
        embed=embedding(visit, sheet),
        retired=products.is_retired(product, visit.today),
        signatory=_signatory(visit, sheet),
    )


def embedding(visit: Visit, sheet: Sheet) -> str:
    """The HTML of its badge. The words for those who can't see it hold whatever the state."""
    said = escape(f"État {of(sheet.product.name)} pour FranceConnect, selon le registre Raccord")
    page, picture = (f"{visit.base_url}/{place}" for place in ("editeurs", "badges"))
    return (
        f'<a href="{page}/{sheet.key}">'
        f'<img src="{picture}/{sheet.key}.svg" height="22" alt="{said}"></a>'
    )


def _signatory(visit: Visit, sheet: Sheet) -> str | None:
    if sheet.commitment is None:
        return None
    return commitments.signatory(visit.actor, sheet.commitment.row)


async def _steps(session: AsyncSession, sheet: Sheet) -> list[Step]:
    """Its own, and those of its vendor for all its products."""
    product = sheet.product
    said = await integrations.history_of_products(session, [product.recorded_id])
    holders = [(product.vendor_id, product.recorded_id), (product.vendor_id, None)]
    promised = await commitments.steps_of(session, holders)
    rows = [row for holder in holders for row in promised.get(holder, ())]
    steps = said.get(product.recorded_id, [])
    earlier = await integrations.earlier_promises(session, steps)
    return [*timeline.merged(steps, rows, sheet.contested, earlier)]
