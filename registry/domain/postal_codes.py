"""A postal code is no INSEE code: who gives one is told so, and which communes it serves."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Collectivite

NAMED = 8
SERVED = "FROM collectivite WHERE postal_codes @> ARRAY[CAST({code} AS text)] AND closed_on IS NULL"
EXPLAINED = f"""
(SELECT {{code}} || ' est un code postal, et non un code INSEE : celui de '
        || string_agg(name || ' (' || insee || ')', ', ' ORDER BY place)
               FILTER (WHERE place <= {NAMED})
        || CASE WHEN count(*) > {NAMED} THEN ' et d’autres communes' ELSE '' END
 FROM (SELECT name, insee, row_number() OVER (
           ORDER BY coalesce(population, 0) DESC, code) AS place {SERVED}) AS served
 HAVING count(*) > 0)
"""
"""What is said of ``code``, an expression of SQL that means no collectivité; NULL: nothing."""


async def explain(session: AsyncSession, code: str) -> str | None:
    query = sa.text(f"SELECT {EXPLAINED.format(code='CAST(:code AS text)')}")
    said: str | None = await session.scalar(query, {"code": code})
    return said


async def served(session: AsyncSession, code: str, first: int) -> Sequence[Collectivite]:
    """The open communes that have this postal code, the most peopled first."""
    query = (
        sa.select(Collectivite)
        .where(col(Collectivite.postal_codes).bool_op("@>")([code]))
        .where(col(Collectivite.closed_on).is_(None))
        .order_by(sa.func.coalesce(col(Collectivite.population), 0).desc(), col(Collectivite.code))
        .limit(first)
    )
    return (await session.scalars(query)).all()
