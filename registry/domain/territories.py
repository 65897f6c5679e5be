"""Départements and régions, and what they are called."""

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


async def of_kinds(session: AsyncSession) -> dict[TerritoryKind, list[Territory]]:
    """All of them, in the order of codes."""
    found: dict[TerritoryKind, list[Territory]] = {kind: [] for kind in TerritoryKind}
    for row in await session.scalars(sa.select(Territory).order_by(col(Territory.code))):
        found[row.kind].append(row)
    return found


async def names(session: AsyncSession) -> Names:
    found = await of_kinds(session)
    return Names(
        {row.code: row.name for row in found[TerritoryKind.DEPARTEMENT]},
        {row.code: row.name for row in found[TerritoryKind.REGION]},
    )
