"""The names that people look for, held in memory as long as none of them changes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.clock import today
from registry.domain.filters import among, checked_text
from registry.domain.identifiers import code_kind, compact
from registry.domain.name_index import Named, NameIndex

STATE = sa.text("""
    SELECT (SELECT coalesce(max(seq), 0) FROM ledger) AS head,
           EXISTS (SELECT FROM ledger WHERE seq > :head
                   AND noun IN ('vendor', 'product', 'collectivite')) AS written,
           ARRAY[(SELECT id || ':' || xmin FROM vendor ORDER BY id DESC LIMIT 1),
                 (SELECT id || ':' || xmin FROM product ORDER BY id DESC LIMIT 1),
                 (SELECT id || ':' || xmin FROM collectivite ORDER BY id DESC LIMIT 1)] AS last
""")

CLIENTS = """(SELECT count(DISTINCT collectivite_id) FROM deployment
              JOIN product AS used ON used.id = deployment.product_id
              WHERE {own} AND since <= :day AND (until IS NULL OR until > :day))"""

# An intercommunalité weighs as the most peopled of its communes, and comes after it.
NAMES = sa.text(f"""
    SELECT 'vendor' AS noun, id, siren AS key, name,
           CAST({CLIENTS.format(own="used.vendor_id = vendor.id")} AS float) AS weight,
           CAST('{{}}' AS text[]) AS other_names, ARRAY[siren] AS codes
    FROM vendor WHERE merged_into_id IS NULL
    UNION ALL
    SELECT 'product', product.id, siren || '/' || slug, product.name,
           {CLIENTS.format(own="used.id = product.id")}, '{{}}',
           string_to_array(translate(slug, '._-', '   '), ' ')
    FROM product JOIN vendor ON vendor.id = vendor_id
    UNION ALL
    SELECT 'collectivite', id, code, name,
           coalesce(most.peopled - 0.5, population, 0), other_names,
           array_remove(ARRAY[lower(insee), siren], NULL)
    FROM collectivite
    LEFT JOIN (SELECT epci_id, max(population) AS peopled FROM collectivite
               WHERE closed_on IS NULL GROUP BY epci_id) AS most ON most.epci_id = id
    WHERE closed_on IS NULL
""")


@dataclass(slots=True)
class Remembered:
    """The names as they were at an entry of the ledger, and the last row of each table then."""

    index: NameIndex = field(default_factory=lambda: NameIndex([]))
    head: int = -1
    last: Sequence[str] = ()
    rows: Sequence[Named] = ()
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


REMEMBERED: WeakKeyDictionary[Any, Remembered] = WeakKeyDictionary()
"""By pool of connections; a process has one that searches."""

CODED = sa.text("""
    SELECT collectivite_id FROM collectivite_code WHERE code = :code
    UNION SELECT id FROM collectivite WHERE postal_codes @> ARRAY[CAST(:code AS text)]
""")


async def called(
    session: AsyncSession, noun: str, column: Any, text: str
) -> sa.ColumnElement[bool]:
    """Whose ids, in ``column``, are of what the search box would find; blank text keeps all."""
    if not checked_text("text", text).strip():
        return sa.true()
    index = await index_of(session, today())
    ids = {row.id for row in index.matching(noun, text)}
    code = compact(text).upper()
    if noun == "collectivite" and code_kind(code) is not None:
        ids.update(await session.scalars(CODED, {"code": code}))
    return among(column, sorted(ids))


async def index_of(session: AsyncSession, day: date) -> NameIndex:
    """Made again, off the event loop, where a name changed since it was made."""
    known = REMEMBERED.setdefault(session.get_bind().engine.pool, Remembered())
    async with known.turn:
        state = (await session.execute(STATE, {"head": known.head})).one()
        if state.written or state.last != known.last:
            rows = [Named(*row) for row in await session.execute(NAMES, {"day": day})]
            if rows != known.rows:
                known.rows, known.index = rows, await asyncio.to_thread(NameIndex, rows)
            known.head, known.last = state.head, state.last
        known.head = max(known.head, state.head)
        return known.index
