"""What départements and régions are called."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Territory, TerritoryKind


@dataclass(frozen=True, slots=True)
class Names:
    """By code (COG), in the order of codes."""

    departements: Mapping[str, str]
    regions: Mapping[str, str]


async def names(session: AsyncSession) -> Names:
    rows = [*await session.scalars(sa.select(Territory).order_by(col(Territory.code)))]
    return Names(
        {row.code: row.name for row in rows if row.kind is TerritoryKind.DEPARTEMENT},
        {row.code: row.name for row in rows if row.kind is TerritoryKind.REGION},
    )
