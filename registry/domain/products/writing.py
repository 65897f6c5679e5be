from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import DeliveryModel, Demarche, Product, Vendor
from models.base import EARLIEST, LATEST
from registry.domain import ledger, texts, vendors, versions
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import AlreadyExists, Checks, InvalidInput
from registry.domain.policy import Action
from registry.domain.products.reading import authorised, checked_slug
from registry.domain.search import folded
from registry.domain.turns import take_turn
from registry.domain.words import DEMARCHES

TAKEN = sa.text(
    "SELECT slug FROM product_key WHERE vendor_siren = :siren AND slug = ANY(:slugs)"
    " AND NOT product_id = ANY(:own) ORDER BY slug"
)

USED = sa.text("""
    SELECT demarche, count(*), count(*) FILTER (WHERE until IS NULL OR until > :day)
    FROM deployment WHERE product_id = :id AND NOT demarche = ANY(:demarches)
    GROUP BY demarche ORDER BY demarche
""")


@dataclass(frozen=True, slots=True)
class ProductDetails:
    name: str
    citizen_login: bool
    demarches: Sequence[Demarche]
    delivery_model: DeliveryModel | None = None


async def add(
    session: AsyncSession, actor: Actor, vendor_siren: str, slug: str, given: ProductDetails
) -> Product:
    vendor = await vendors.authorised(
        session, actor, Action.ADD_PRODUCT, vendor_siren, "vendor_siren"
    )
    checks = Checks()
    values: dict[str, Any] = {}
    with checks:
        values["slug"] = checked_slug("slug", slug)
    with checks:
        values |= _values(slug, asdict(given))
    checks.settle()
    await take_turn(session)
    await refuse_taken(session, vendor, [values["slug"]], [])
    return await record(session, "create", Product(vendor_id=vendor.recorded_id, **values))


async def edit(
    session: AsyncSession,
    actor: Actor,
    vendor_siren: str,
    slug: str,
    version: int,
    changes: Mapping[str, Any],
) -> Product:
    """``changes`` are fields of ``ProductDetails``: those that are absent stay as they are."""
    product = await authorised(session, actor, Action.EDIT_PRODUCT, vendor_siren, slug)
    await versions.check(session, product, version)
    values = _values(product.slug, changes)
    await _refuse_unused(session, product, values.get("demarches", product.demarches))
    return await record(session, "edit", product, **values)


async def retire(
    session: AsyncSession,
    actor: Actor,
    vendor_siren: str,
    slug: str,
    version: int,
    retired_on: date | None,
) -> Product:
    """From that day it gets no new client; without one it is on offer again."""
    product = await authorised(session, actor, Action.EDIT_PRODUCT, vendor_siren, slug)
    await versions.check(session, product, version)
    if retired_on is not None and not EARLIEST <= str(retired_on) <= LATEST:
        raise InvalidInput("retired_on", f"Une date du {EARLIEST} au {LATEST} est attendue.")
    action = "retire" if retired_on else "restore"
    return await record(session, action, product, retired_on=retired_on)


def is_retired(product: Product, day: date) -> bool:
    return product.retired_on is not None and product.retired_on <= day


async def refuse_taken(
    session: AsyncSession, vendor: Vendor, slugs: Sequence[str], own: Sequence[int]
) -> None:
    """Raise ``AlreadyExists`` where a slug is, or was, another product's than the ``own`` ones."""
    values = {"siren": vendor.siren, "slugs": list(slugs), "own": list(own)}
    taken = [*await session.scalars(TAKEN, values)]
    if taken:
        raise AlreadyExists(
            "slug",
            f"Chez {vendor.name}, {', '.join(f'« {slug} »' for slug in taken)} désigne déjà un"
            " autre logiciel, ou l’a désigné et reste reconnu : choisir un autre identifiant,"
            " ou renommer d’abord l’un des deux.",
        )


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda value: texts.required("name", value or "", 200),
    "citizen_login": bool,
    "demarches": lambda value: _demarches(value),
    "delivery_model": lambda value: value,
}


def _values(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    checks = Checks()
    values: dict[str, Any] = {}
    for field, check in _CHECKS.items():
        if field in given:
            with checks:
                values[field] = check(given[field])
    checks.settle()
    if "name" in values:
        values["search"] = folded(values["name"], slug)
    return values


def _demarches(given: Sequence[Demarche]) -> list[str]:
    if not given:
        raise InvalidInput("demarches", "Au moins une démarche est attendue.")
    return sorted({demarche.value for demarche in given})


async def _refuse_unused(session: AsyncSession, product: Product, demarches: Sequence[str]) -> None:
    """What a recorded use names stays covered, so that the use can always be told."""
    values = {"id": product.id, "demarches": list(demarches), "day": today()}
    rows = (await session.execute(USED, values)).all()
    if rows:
        raise InvalidInput(
            "demarches",
            " ; ".join(
                f"{DEMARCHES[demarche]} : {uses} usage(s) enregistré(s), dont {in_force} en cours"
                for demarche, uses, in_force in rows
            )
            + ". Une démarche utilisée reste couverte.",
        )


async def record(session: AsyncSession, action: str, product: Product, **values: Any) -> Product:
    """What changes nothing leaves no trace."""
    product.sqlmodel_update(values)
    session.add(product)
    if session.is_modified(product):
        await session.flush()
        await ledger.append(session, action, "product", [product.recorded_id])
    return product
