"""One box for the three nouns that people look for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Collectivite, Product, Vendor
from registry.domain import collectivites, pages, products, vendors
from registry.domain.filters import checked_text
from registry.domain.identifiers import commune_of, compact
from registry.domain.pages import Page
from registry.domain.search import fold, prefix_query

Found = Vendor | Product | Collectivite


@dataclass(frozen=True, slots=True)
class Noun:
    """How a noun is searched: ``weight`` and ``key`` are SQL, ``keys`` the spellings of the key
    that the searched text may end with.
    """

    table: str
    weight: str
    key: str
    keys: tuple[str, ...]
    condition: str = "true"


CLIENTS = """(SELECT count(DISTINCT collectivite_id) FROM deployment
              JOIN product AS used ON used.id = deployment.product_id
              WHERE {own} AND since <= :day AND (until IS NULL OR until > :day))"""

NOUNS = (
    Noun(
        "vendor",
        CLIENTS.format(own="used.vendor_id = vendor.id"),
        "siren",
        ("siren",),
        "merged_into_id IS NULL",
    ),
    Noun(
        "product",
        CLIENTS.format(own="used.id = product.id"),
        "(SELECT siren FROM vendor WHERE vendor.id = vendor_id) || '/' || slug",
        ("translate(slug, '._-', '   ')",),
    ),
    Noun(
        "collectivite",
        "coalesce(population, 0)",
        "code",
        ("lower(insee)", "siren", "lower(insee) || ' ' || siren"),
        "closed_on IS NULL",
    ),
)


def _query(noun: Noun) -> str:
    rest = "ltrim(substr(search, length(:folded) + 1))"
    exact = " OR ".join(f"{rest} = {key}" for key in noun.keys)
    return f"""
    SELECT '{noun.table}' AS noun, id, {noun.key} AS key, {noun.weight} AS weight,
           CASE WHEN lower(name) = lower(:typed) THEN 0
                WHEN NOT starts_with(search, :folded) THEN 3
                WHEN {rest} = '' OR {exact} THEN 1
                ELSE 2 END AS distance
    FROM {noun.table}
    WHERE to_tsvector('simple', search) @@ to_tsquery('simple', :words) AND {noun.condition}
    """


QUERY = sa.text(
    f"SELECT noun, id FROM ({' UNION ALL '.join(map(_query, NOUNS))}) AS found"
    ' ORDER BY distance, weight DESC, key COLLATE "C", noun COLLATE "C" LIMIT :first'
)


async def search(session: AsyncSession, text: str, first: int | None, day: date) -> list[Found]:
    """The very name, then the same but for accents, then names that begin so, then the rest; in
    each, the most people concerned (inhabitants, or clients) first. Collectivités that closed and
    vendors that were merged are left out; a municipal arrondissement is its commune.
    """
    limit = pages.size(Page(first=first))
    meant = commune_of(compact(checked_text("text", text))) or text
    words = prefix_query(meant)
    if words is None:
        return []
    values = {
        "words": words,
        "folded": fold(meant),
        "typed": text.strip(),
        "first": limit,
        "day": day,
    }
    found = [(noun, key) for noun, key in await session.execute(QUERY, values)]
    rows: dict[str, Mapping[int, Found]] = {
        "vendor": await vendors.by_ids(session, _of("vendor", found)),
        "product": await products.by_ids(session, _of("product", found)),
        "collectivite": await collectivites.by_ids(session, _of("collectivite", found)),
    }
    return [rows[noun][key] for noun, key in found]


def _of(noun: str, found: Sequence[Any]) -> list[int]:
    return [key for kind, key in found if kind == noun]
