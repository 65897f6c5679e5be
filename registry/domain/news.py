"""What was said last of products: steps of integrations and of commitments, as they came."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from models import Commitment, Integration, Product, Service, Vendor
from registry.domain import commitments, integrations, products, vendors
from registry.domain.disputes import reading as disputes

Step = Integration | Commitment


@dataclass(frozen=True, slots=True)
class News:
    """``product`` is none for a commitment of the vendor for all its products;
    ``contested`` is what is, of the product.
    """

    step: Step
    product: Product | None
    vendor: Vendor
    contested: frozenset[Service | None]


async def latest(session: AsyncSession, first: int, vendor_id: int | None = None) -> list[News]:
    """Of one vendor, or of all; the last recorded first."""
    steps: list[Step] = [
        *await integrations.latest(session, first, vendor_id),
        *await commitments.latest(session, first, vendor_id),
    ]
    kept = sorted(steps, key=lambda step: (step.recorded_at, step.recorded_id), reverse=True)
    return await _named(session, kept[:first])


async def _named(session: AsyncSession, steps: Iterable[Step]) -> list[News]:
    rows = [*steps]
    known = await products.by_ids(session, [row.product_id for row in rows if row.product_id])
    pairs = [(row, known.get(row.product_id or 0)) for row in rows]
    owners = await vendors.by_ids(session, [_vendor_id(*pair) for pair in pairs])
    contested = await disputes.contested(session, [*known])
    return [
        News(
            row,
            product,
            owners[_vendor_id(row, product)],
            frozenset(contested.get(row.product_id or 0, ())),
        )
        for row, product in pairs
    ]


def _vendor_id(row: Step, product: Product | None) -> int:
    """A product's own commitment follows it to the vendor that has it now."""
    if product is not None:
        return product.vendor_id
    return row.vendor_id if isinstance(row, Commitment) else 0
