"""Who uses a product, one by one: counts are public, this is not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Collectivite, Demarche, Deployment, Product, Source
from registry.domain import names, pages
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.filters import among, in_force
from registry.domain.pages import Key, Ordering, Page, Slice
from registry.domain.policy import Action, Subject, authorise


class ClientsOf(StrEnum):
    VENDOR = "VENDOR"
    PRODUCT = "PRODUCT"


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """Every part narrows. ``confirmed``: by the other side, or said by the ministry; ``awaited``:
    said by another than the vendor, who may confirm it. ``text``: a name, an INSEE code, a SIREN.
    """

    demarche: Demarche | None = None
    confirmed: bool | None = None
    awaited: bool = False
    text: str | None = None


class ClientOrder(StrEnum):
    COLLECTIVITE = "COLLECTIVITE"
    SINCE_DESC = "SINCE_DESC"


_CODE = Key(sa.type_coerce(col(Collectivite.code), sa.Text))
_ID = Key(sa.type_coerce(col(Deployment.id), sa.BigInteger), int)
_DAYS = sa.type_coerce(col(Deployment.since) - sa.literal_column("DATE '1970-01-01'"), sa.Integer)
ORDERINGS = {
    ClientOrder.COLLECTIVITE: Ordering("client", (_CODE, _ID)),
    ClientOrder.SINCE_DESC: Ordering(
        "client.since.desc", (Key(_DAYS, int, descending=True), _CODE, _ID)
    ),
}
_CONFIRMED = sa.or_(
    col(Deployment.confirmed_by).is_not(None), col(Deployment.declared_by) == Source.MINISTRY
)

Columns = TypeVar("Columns")

_OWNERS = {ClientsOf.VENDOR: col(Product.vendor_id), ClientsOf.PRODUCT: col(Product.id)}


def check(actor: Actor, vendor_id: int) -> None:
    """Raise ``NotSignedIn`` or ``NotAllowed`` unless the actor may see this vendor's clients."""
    authorise(actor, Action.SEE_CLIENTS, Subject(vendor=vendor_id))


async def of_each(
    session: AsyncSession, owner: ClientsOf, ids: Sequence[int], page: Page, wanted: ClientFilter
) -> dict[int, Slice[Deployment]]:
    """The deployments in force today of each vendor or product."""
    group = _OWNERS[owner]
    narrowed = await _narrowed(session, sa.select(Deployment), wanted)
    query = narrowed.where(among(group, ids))
    return await pages.fetch_each(session, query, group, ORDERINGS[ClientOrder.COLLECTIVITE], page)


async def of_one(
    session: AsyncSession,
    owner: ClientsOf,
    owner_id: int,
    page: Page,
    wanted: ClientFilter,
    order: ClientOrder = ClientOrder.COLLECTIVITE,
) -> Slice[Deployment]:
    """Likewise of one alone, whose pages need not be ranked among all of its clients."""
    narrowed = await _narrowed(session, sa.select(Deployment), wanted)
    query = narrowed.where(_OWNERS[owner] == owner_id)
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def operated(
    session: AsyncSession,
    sirens: Iterable[str],
    page: Page,
    wanted: ClientFilter,
    order: ClientOrder = ClientOrder.COLLECTIVITE,
) -> Slice[Deployment]:
    """Those in force today that name one of these organisations as their operator."""
    narrowed = await _narrowed(session, sa.select(Deployment), wanted)
    query = narrowed.where(among(col(Deployment.operator), sirens))
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def count_of_each(
    session: AsyncSession, owner: ClientsOf, ids: Sequence[int], wanted: ClientFilter
) -> dict[int, int]:
    group = _OWNERS[owner]
    query: Any = sa.select(group, sa.func.count()).select_from(Deployment)
    narrowed = await _narrowed(session, query, wanted)
    counted = narrowed.where(among(group, ids)).group_by(group)
    return dict((await session.execute(counted)).all())


async def _narrowed(
    session: AsyncSession, query: sa.Select[Columns], wanted: ClientFilter
) -> sa.Select[Columns]:
    found = (
        query.join(Product, col(Product.id) == col(Deployment.product_id))
        .join(Collectivite, col(Collectivite.id) == col(Deployment.collectivite_id))
        .where(in_force(col(Deployment.since), col(Deployment.until), today()))
    )
    if wanted.demarche is not None:
        found = found.where(col(Deployment.demarche) == wanted.demarche)
    if wanted.confirmed is not None:
        found = found.where(_CONFIRMED.is_(wanted.confirmed))
    if wanted.awaited:
        found = found.where(~_CONFIRMED, col(Deployment.declared_by) != Source.VENDOR)
    if wanted.text is not None:
        named = await names.called(session, "collectivite", col(Collectivite.id), wanted.text)
        found = found.where(named)
    return found
