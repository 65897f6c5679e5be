"""The personal values that the ledger holds as digests: reading them, and erasing them."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

import models as models
from registry.head import GREW

ERASED = "effacé"
DIGEST = "sha256"

COLUMNS = tuple(
    (table.name, column.name)
    for table in SQLModel.metadata.sorted_tables
    for column in table.columns
    if column.info.get("ledger") == "personal"
)
"""Those whose values are here, as nouns and fields."""

READ = sa.text("""
    SELECT record_digest(salt, value), value
    FROM record_value
    JOIN unnest(CAST(:nouns AS text[]), CAST(:ids AS bigint[])) AS wanted (noun, subject_id)
      USING (noun, subject_id)
""")
ERASE = sa.text("""
    SELECT noun, subject_id
    FROM unnest(CAST(:nouns AS text[]), CAST(:ids AS bigint[]), CAST(:fields AS text[]),
                CAST(:values AS text[])) AS given (noun, subject_id, field, value)
    WHERE ledger_erase(noun, subject_id, field, value)
""")


class Value(NamedTuple):
    noun: str
    subject_id: int
    field: str
    value: str


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


async def erase(session: AsyncSession, values: Sequence[Value]) -> int:
    """Forget them, and say so in the ledger, which the records no longer hold; how many were there.

    Writers queue from here on, as they do after ``ledger.append``.
    """
    session.info[GREW] = True
    given = {
        "nouns": [value.noun for value in values],
        "ids": [value.subject_id for value in values],
        "fields": [value.field for value in values],
        "values": [value.value for value in values],
    }
    return len((await session.execute(ERASE, given)).all())
