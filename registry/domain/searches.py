"""One box for the three nouns that people look for."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from models import Collectivite, Product, Vendor
from registry.domain import collectivites, names, pages, postal_codes, products, vendors
from registry.domain.errors import InvalidInput
from registry.domain.filters import checked_text
from registry.domain.identifiers import code_kind, compact
from registry.domain.name_index import Named
from registry.domain.pages import Page

Found = Vendor | Product | Collectivite


async def search(session: AsyncSession, text: str, first: int | None, day: date) -> list[Found]:
    """What a code means and the communes of a postal code, then names: see ``NameIndex.find``.
    In each, the most people concerned (inhabitants, or clients) first. Collectivités that closed
    and vendors that were merged are left out.
    """
    limit = pages.size(Page(first=first))
    coded = await _coded(session, checked_text("text", text), limit)
    index = await names.index_of(session, day)
    named = index.find(text, limit)
    rows: dict[str, Mapping[int, Found]] = {
        "vendor": await vendors.by_ids(session, _of("vendor", named)),
        "product": await products.by_ids(session, _of("product", named)),
        "collectivite": await collectivites.by_ids(session, _of("collectivite", named)),
    }
    found = [rows[row.noun][row.id] for row in named if row.id in rows[row.noun]]
    return [*coded, *(row for row in found if row not in coded)][:limit]


async def _coded(session: AsyncSession, text: str, first: int) -> list[Found]:
    code = compact(text).upper()
    if code_kind(code) is None:
        return []
    served = list(await postal_codes.served(session, code, first))
    try:
        body = await collectivites.by_code(session, code)
    except InvalidInput:
        body = None
    return list(served) if body is None else [body, *(row for row in served if row is not body)]


def _of(noun: str, rows: Sequence[Named]) -> list[int]:
    return [row.id for row in rows if row.noun == noun]
