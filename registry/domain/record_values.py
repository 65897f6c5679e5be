"""The personal values that the ledger holds as digests: reading them, and erasing them."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

ERASED = "effacé"
DIGEST = "sha256"

READ = sa.text("""
    SELECT record_digest(salt, value), value
    FROM record_value
    JOIN unnest(CAST(:nouns AS text[]), CAST(:ids AS bigint[])) AS wanted (noun, subject_id)
      USING (noun, subject_id)
""")
ERASE = sa.text("SELECT ledger_erase(:noun, :id, :field, :value)")


async def by_digest(
    session: AsyncSession, subjects: Collection[tuple[str, int]]
) -> Mapping[str, str]:
    """The values recorded of these records, as nouns and ids; those that anyone may read."""
    nouns, ids = [noun for noun, _ in subjects], [identifier for _, identifier in subjects]
    return dict((await session.execute(READ, {"nouns": nouns, "ids": ids})).all())


def restored(value: object, values: Mapping[str, str]) -> object:
    """What the ledger holds of a column, read by a person: a digest means its value."""
    if isinstance(value, dict) and DIGEST in value:
        return values.get(value[DIGEST], ERASED)
    return value


async def erase(session: AsyncSession, noun: str, identifier: int, field: str, value: str) -> bool:
    """Forget the value, and say so in the ledger. The record itself no longer holds it."""
    given = {"noun": noun, "id": identifier, "field": field, "value": value}
    return bool(await session.scalar(ERASE, given))
