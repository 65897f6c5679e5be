"""Temporary tables, which go with their transaction. The service may create none by itself: a
function of the owner's does, of any shape but under no name that stands for something else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

CREATE = sa.text("SELECT create_temporary(:name, :columns, :types, :key)")
ANALYZE = sa.text("SELECT analyze_temporary(:name)")


async def create(
    session: AsyncSession, name: str, columns: Mapping[str, str], key: str | None = None
) -> None:
    """An empty table of these columns, each with its type, in the place of another of that name."""
    await _create(session, name, [*columns], [*columns.values()], key)


async def create_from(session: AsyncSession, name: str, query: str, **values: object) -> None:
    """A table of the rows of a query of the program's own."""
    described = await session.execute(
        sa.text(f"SELECT * FROM ({query}) AS described LIMIT 0"), values
    )
    columns: Sequence[Any] = described.cursor.description  # type: ignore[attr-defined]
    types = [str(column[1]) for column in columns]
    await _create(session, name, [column[0] for column in columns], types, None)
    await session.execute(sa.text(f"INSERT INTO {name} {query}"), values)


async def analyze(session: AsyncSession, name: str) -> None:
    await session.execute(ANALYZE, {"name": name})


async def _create(
    session: AsyncSession, name: str, columns: list[str], types: list[str], key: str | None
) -> None:
    given = {"name": name, "columns": columns, "types": types, "key": key}
    await session.execute(CREATE, given)
