"""What is supposed to become ready: products, or all those of a vendor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.errors import InvalidInput
from registry.domain.filters import checked_siren
from registry.domain.products.reading import checked_slug
from registry.domain.rollout.readiness import with_state
from registry.domain.rollout.scope import Bound

MOST_FIXES = 200

PRODUCTS = sa.text("SELECT id FROM product WHERE id = ANY(:ids)")
VENDORS = sa.text(
    "SELECT id, coalesce(merged_into_id, id) AS meant FROM vendor WHERE id = ANY(:ids)"
)
CATALOGUE = sa.text("SELECT id FROM product WHERE vendor_id = ANY(:vendors)")
VENDOR_KEYS = sa.text("SELECT siren, vendor_id FROM vendor_key WHERE siren = ANY(:sirens)")
PRODUCT_KEYS = sa.text("""
    SELECT vendor_siren, product_key.slug, min(product_id) AS product_id
    FROM unnest(CAST(:sirens AS text[]), CAST(:slugs AS text[])) AS asked (siren, slug)
    JOIN product_key ON vendor_siren = asked.siren AND product_key.slug = asked.slug
    GROUP BY vendor_siren, product_key.slug
""")


@dataclass(frozen=True, slots=True)
class Fixes:
    """By their ids; a vendor stands for all its products."""

    products: frozenset[int] = frozenset()
    vendors: frozenset[int] = frozenset()


NOTHING = Fixes()


async def known(session: AsyncSession, fixes: Fixes, field: str) -> Fixes:
    """The same, a merged vendor being the one it became. Raise ``InvalidInput`` for an id that
    nothing has, or for too many of them.
    """
    if len(fixes.products) + len(fixes.vendors) > MOST_FIXES:
        raise InvalidInput(field, f"{MOST_FIXES} éditeurs et logiciels au plus.")
    products = set(await session.scalars(PRODUCTS, {"ids": [*fixes.products]}))
    meant = {row.id: row.meant for row in await session.execute(VENDORS, {"ids": [*fixes.vendors]})}
    if fixes.products - products:
        raise InvalidInput(field, "Aucun logiciel n’a l’un de ces identifiants.")
    if fixes.vendors - meant.keys():
        raise InvalidInput(field, "Aucun éditeur n’a l’un de ces identifiants.")
    return Fixes(fixes.products, frozenset(meant.values()))


async def catalogue(session: AsyncSession, vendors: Iterable[int]) -> frozenset[int]:
    """The ids of all their products."""
    return frozenset(await session.scalars(CATALOGUE, {"vendors": [*vendors]}))


async def by_keys(
    session: AsyncSession, sirens: Sequence[str], product_keys: Sequence[str], field: str
) -> Fixes:
    """``product_keys`` are written ``SIREN/SLUG``; a former key means what it became."""
    wanted = {checked_siren(field, siren) for siren in sirens}
    pairs = {_pair(field, key) for key in product_keys}
    vendors = await session.execute(VENDOR_KEYS, {"sirens": [*wanted]})
    vendor_ids = {row.siren: row.vendor_id for row in vendors}
    asked = {"sirens": [siren for siren, _ in pairs], "slugs": [slug for _, slug in pairs]}
    products = await session.execute(PRODUCT_KEYS, asked)
    product_ids = {(row.vendor_siren, row.slug): row.product_id for row in products}
    for siren in sorted(wanted - vendor_ids.keys()):
        raise InvalidInput(field, f"Aucun éditeur n’a le SIREN « {siren} ».")
    for siren, slug in sorted(pairs - product_ids.keys()):
        raise InvalidInput(field, f"Aucun logiciel n’a la clé « {siren}/{slug} ».")
    return Fixes(frozenset(product_ids.values()), frozenset(vendor_ids.values()))


def _pair(field: str, key: str) -> tuple[str, str]:
    siren, slash, slug = key.partition("/")
    if not slash:
        raise InvalidInput(field, f"« {key} » n’est pas une clé de logiciel : SIREN/identifiant.")
    return checked_siren(field, siren), checked_slug(field, slug)


def with_fixed_state(bound: Bound) -> str:
    """``verdict``, ``state``, and ``fixed_state``: the same once ``:fixed`` products are ready."""
    return f"""
    {with_state(bound)},
    helped AS (
        SELECT state.id, bool_or(verdict.evidenced) AS evidenced
        FROM state CROSS JOIN LATERAL unnest(products) AS used (product_id)
        JOIN verdict USING (product_id)
        WHERE used.product_id = ANY(CAST(:fixed AS bigint[]))
        GROUP BY state.id
    ),
    fixed_state AS (
        SELECT state.id, population, strata, prefilled, declared, offline, products,
               CASE WHEN helped.id IS NULL THEN rank ELSE least(rank, 1) END AS rank,
               state.evidenced OR coalesce(helped.evidenced, false) AS evidenced
        FROM state LEFT JOIN helped ON helped.id = state.id
    )
    """
