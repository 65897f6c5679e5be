import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import DeliveryModel, Demarche, Product, Vendor
from registry.domain import names, pages, vendors
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import InvalidInput, NotFound
from registry.domain.filters import among, checked_siren
from registry.domain.pages import Key, Ordering, Page, Slice
from registry.domain.policy import Action, Subject, authorise
from registry.domain.rollout.verdicts import Verdict, judged

Columns = TypeVar("Columns")

SLUG = re.compile("[a-z0-9]+([._-][a-z0-9]+)*")
LONGEST_SLUG = 100


class ProductOrder(StrEnum):
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    KEY_ASC = "KEY_ASC"
    KEY_DESC = "KEY_DESC"


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Every part narrows. ``silent`` narrows ``verdict`` further: its vendor said nothing of it."""

    text: str | None = None
    vendor_siren: str | None = None
    demarche: Demarche | None = None
    citizen_login: bool | None = None
    delivery_model: DeliveryModel | None = None
    retired: bool | None = None
    verdict: Verdict | None = None
    silent: bool = False


class Offer(NamedTuple):
    product: Product
    vendor: Vendor

    @property
    def key(self) -> str:
        return f"{self.vendor.siren}/{self.product.slug}"


_NAME = sa.collate(col(Product.search), "C")
_SIREN = sa.type_coerce(col(Vendor.siren), sa.Text)
_SLUG = sa.type_coerce(col(Product.slug), sa.Text)


def _ordering(name: str, *columns: sa.ColumnElement[str], descending: bool = False) -> Ordering:
    return Ordering(name, tuple(Key(column, descending=descending) for column in columns))


ORDERINGS = {
    ProductOrder.NAME_ASC: _ordering("product.name", _NAME, _SIREN, _SLUG),
    ProductOrder.NAME_DESC: _ordering("product.name.desc", _NAME, _SIREN, _SLUG, descending=True),
    ProductOrder.KEY_ASC: _ordering("product.key", _SIREN, _SLUG),
    ProductOrder.KEY_DESC: _ordering("product.key.desc", _SIREN, _SLUG, descending=True),
}

BY_KEY = sa.text(
    "SELECT product_id FROM product_key WHERE vendor_siren = :siren AND slug = :slug"
    " ORDER BY product_id LIMIT 1"
)

FORMER_KEYS = sa.text(
    "SELECT product_id, vendor_siren, slug FROM product_former_key"
    " WHERE product_id = ANY(:ids) ORDER BY vendor_siren, slug"
)

CLIENTS = sa.text("""
    SELECT product_id, count(DISTINCT collectivite_id)
    FROM deployment
    WHERE product_id = ANY(:ids) AND since <= :day AND (until IS NULL OR until > :day)
    GROUP BY product_id
""")


async def by_key(
    session: AsyncSession, vendor_siren: str, slug: str, field: str = "slug"
) -> Product | None:
    """A former key gives the product that it became. ``field`` is what the caller calls a slug."""
    siren = checked_siren("vendor_siren", vendor_siren)
    key = checked_slug(field, slug)
    found = await session.scalar(BY_KEY, {"siren": siren, "slug": key})
    return None if found is None else await session.get(Product, found)


def checked_slug(field: str, text: str) -> str:
    slug = text.strip()
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
        raise InvalidInput(
            field,
            f"« {text} » n’est pas un identifiant de logiciel : minuscules sans accent et"
            " chiffres, séparés par un point, un tiret ou un trait bas,"
            f" {LONGEST_SLUG} caractères au plus.",
        )
    return slug


async def authorised(
    session: AsyncSession, actor: Actor, action: Action, vendor_siren: str, slug: str
) -> Product:
    """The product of these ``vendor_siren`` and ``product`` that the actor may act upon.

    Raises ``NotFound`` to those alone who might act upon it if it existed.
    """
    product = await by_key(session, vendor_siren, slug, "product")
    if product is None:
        vendor = await vendors.authorised(session, actor, action, vendor_siren, "vendor_siren")
        raise NotFound("product", f"{vendor.name} n’a pas de logiciel « {slug} ».")
    authorise(actor, action, Subject(vendor=product.vendor_id))
    return product


async def named(session: AsyncSession, vendor_siren: str, slug: str) -> Product:
    """The one that a write is about. Raises ``NotFound``."""
    found = await by_key(session, vendor_siren, slug, "product")
    if found is None:
        raise NotFound(
            "product",
            f"Le registre ne connaît pas le logiciel {slug} de l’éditeur {vendor_siren}.",
        )
    return found


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Product]:
    rows = await session.scalars(sa.select(Product).where(among(col(Product.id), ids)))
    return {row.id: row for row in rows if row.id is not None}


async def listed(
    session: AsyncSession, page: Page, wanted: ProductFilter, order: ProductOrder
) -> Slice[Product]:
    query = _with_vendor(sa.select(Product)).where(*await _conditions(session, wanted))
    return await pages.fetch(session, query, ORDERINGS[order], page)


async def offered(session: AsyncSession, text: str, day: date, first: int) -> list[Offer]:
    """What is not retired that day, by its own name, then by its vendor's."""
    own = await names.called(session, "product", col(Product.id), text)
    theirs = await names.called(session, "vendor", col(Vendor.id), text)
    both: Any = sa.select(Product, Vendor)
    query = (
        _with_vendor(both)
        .where(sa.or_(own, theirs), ~_retired(day))
        .order_by(own.desc(), _NAME, _SIREN, _SLUG)
        .limit(first)
    )
    return [Offer(product, vendor) for product, vendor in await session.execute(query)]


async def count(session: AsyncSession, wanted: ProductFilter) -> int:
    query = _with_vendor(sa.select(sa.func.count()).select_from(Product))
    return await session.scalar(query.where(*await _conditions(session, wanted))) or 0


async def of_vendors(
    session: AsyncSession, vendor_ids: Sequence[int], page: Page, order: ProductOrder
) -> dict[int, Slice[Product]]:
    owner = col(Product.vendor_id)
    query = _with_vendor(sa.select(Product)).where(among(owner, vendor_ids))
    return await pages.fetch_each(session, query, owner, ORDERINGS[order], page)


async def of_vendor(session: AsyncSession, vendor_id: int) -> list[Product]:
    """All of them, by slug."""
    owned = sa.select(Product).where(col(Product.vendor_id) == vendor_id)
    return [*await session.scalars(owned.order_by(col(Product.slug)))]


async def count_of_vendors(session: AsyncSession, vendor_ids: Sequence[int]) -> dict[int, int]:
    owner = col(Product.vendor_id)
    query = sa.select(owner, sa.func.count()).where(among(owner, vendor_ids)).group_by(owner)
    return dict((await session.execute(query)).all())


async def client_counts(session: AsyncSession, ids: Sequence[int], day: date) -> dict[int, int]:
    """Distinct collectivités with a deployment in force; a product without any is absent."""
    rows = await session.execute(CLIENTS, {"ids": list(ids), "day": day})
    return dict(rows.all())


async def former_keys(
    session: AsyncSession, ids: Sequence[int]
) -> dict[int, list[tuple[str, str]]]:
    """SIREN and slug, still accepted; a product without any is absent."""
    found: dict[int, list[tuple[str, str]]] = {}
    for product_id, siren, slug in await session.execute(FORMER_KEYS, {"ids": list(ids)}):
        found.setdefault(product_id, []).append((siren, slug))
    return found


def _with_vendor(query: sa.Select[Columns]) -> sa.Select[Columns]:
    return query.join(Vendor, col(Vendor.id) == col(Product.vendor_id))


async def _conditions(session: AsyncSession, wanted: ProductFilter) -> list[sa.ColumnElement[bool]]:
    conditions = _own_conditions(wanted)
    if wanted.text is not None:
        conditions.append(await names.called(session, "product", col(Product.id), wanted.text))
    if wanted.verdict is not None:
        conditions.append(await judged(session, wanted.verdict, silent=wanted.silent))
    return conditions


def _own_conditions(wanted: ProductFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.vendor_siren is not None:
        siren = checked_siren("vendor_siren", wanted.vendor_siren)
        meant = vendors.meant_by(lambda column: column == siren).scalar_subquery()
        conditions.append(col(Vendor.id) == meant)
    if wanted.demarche is not None:
        conditions.append(col(Product.demarches).bool_op("@>")([wanted.demarche.value]))
    if wanted.citizen_login is not None:
        conditions.append(col(Product.citizen_login) == wanted.citizen_login)
    if wanted.delivery_model is not None:
        conditions.append(col(Product.delivery_model) == wanted.delivery_model)
    if wanted.retired is not None:
        conditions.append(_retired(today()) == wanted.retired)
    return conditions


def _retired(day: date) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(col(Product.retired_on) <= day, sa.false())
