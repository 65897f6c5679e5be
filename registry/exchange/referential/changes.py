"""What one load wrote, on its way to the ledger."""

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import ledger

Changes = defaultdict[tuple[str, str], set[int]]
"""Ids of the records by (action, noun)."""


async def remove(session: AsyncSession, noun: str, ids: Collection[int], changes: Changes) -> None:
    """Delete rows of ``noun``, which is also their table, once the ledger holds them."""
    if ids:
        await ledger.append(session, "delete", noun, list(ids))
        await session.execute(sa.text(f"DELETE FROM {noun} WHERE id = ANY(:ids)"), {"ids": ids})
        changes["delete", noun].update(ids)


async def enter(session: AsyncSession, changes: Changes) -> int:
    """Append what was created and updated; return the number of entries, removals included."""
    for (action, noun), ids in changes.items():
        if action == "update":
            ids -= changes.get(("create", noun), set())
    for (action, noun), ids in sorted(changes.items()):
        if action != "delete":
            await ledger.append(session, action, noun, sorted(ids))
    return sum(map(len, changes.values()))
