"""Nobody overwrites what another wrote since it was read."""

from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Product, Vendor
from registry.domain.errors import Conflict

Versioned = TypeVar("Versioned", Vendor, Product)


async def check(session: AsyncSession, row: Versioned, version: int) -> None:
    """Raise ``Conflict`` unless the row is at that version; it then stays so to the end."""
    kind = type(row)
    locked = sa.select(kind).where(col(kind.id) == row.id).with_for_update()
    await session.execute(locked, execution_options={"populate_existing": True})
    if row.version != version:
        raise Conflict("Cette fiche a changé depuis : relire, puis refaire.", row.version)
