"""Successors, and the former codes that mean them."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.exchange.referential.changes import Changes, remove
from registry.exchange.temporary import analyze, create_from

SUCCEED = """
UPDATE collectivite AS body SET successor_id = listed.id
FROM meaning JOIN listed USING (code)
WHERE body.insee = meaning.former_code AND body.closed_on IS NOT NULL
  AND (meaning.said OR body.successor_id IS NULL)
  AND body.successor_id IS DISTINCT FROM listed.id
RETURNING body.id
"""

COMPRESS = """
UPDATE collectivite AS body SET successor_id = successor.successor_id
FROM collectivite AS successor
WHERE successor.id = body.successor_id AND successor.successor_id IS NOT NULL
RETURNING body.id
"""

# Whose links are an owner's. An owner's own code is the empty text, which comes first.
FAMILY = """
SELECT successor_id AS owner_id, id AS member_id, insee AS member_insee
FROM collectivite WHERE successor_id IS NOT NULL
UNION
SELECT successor_id, successor_id, '' FROM collectivite WHERE successor_id IS NOT NULL
"""

# What the geography says comes first, then who bore the code last, then what was known, then
# what an older geography tells. A code that lives is never a former one.
RESOLVE = """
SELECT DISTINCT ON (former_code) former_code, id
FROM (
    SELECT former_code, id, CASE WHEN said THEN 0 ELSE 4 END AS distance
    FROM meaning JOIN listed USING (code)
    UNION ALL
    SELECT former_siren, id, 1 + was_closed::int FROM listed WHERE former_siren IS NOT NULL
    UNION ALL
    SELECT former_code, coalesce(successor_id, id), 1
    FROM collectivite, unnest(ARRAY[insee, siren]) AS former_code
    WHERE id = ANY(:closed) AND former_code IS NOT NULL
    UNION ALL
    SELECT known.former_code, coalesce(body.successor_id, body.id), 3
    FROM collectivite_former_code AS known JOIN collectivite AS body
      ON body.id = known.collectivite_id
) AS candidate
WHERE NOT EXISTS (SELECT FROM collectivite WHERE insee = former_code AND successor_id IS NULL)
  AND NOT EXISTS (SELECT FROM collectivite WHERE siren = former_code AND closed_on IS NULL)
ORDER BY former_code, distance, id
"""

OUTDATED = """
SELECT id FROM collectivite_former_code WHERE former_code NOT IN (SELECT former_code FROM resolved)
"""

REPOINT = """
UPDATE collectivite_former_code AS known SET collectivite_id = resolved.id
FROM resolved
WHERE resolved.former_code = known.former_code AND resolved.id <> known.collectivite_id
RETURNING known.id
"""

ADD = """
INSERT INTO collectivite_former_code (former_code, collectivite_id)
SELECT former_code, id FROM resolved
WHERE former_code NOT IN (SELECT former_code FROM collectivite_former_code)
ORDER BY former_code
RETURNING id
"""


async def name_successors(session: AsyncSession, changes: Changes) -> None:
    """Closed communes point at an open one, wherever the geography or the registry knows it.

    A body closed with no known successor keeps those that point at it: its links are there.
    Leaves the temporary table ``family`` for the links to follow.
    """
    for statement in (SUCCEED, COMPRESS):
        found = (await session.execute(sa.text(statement))).scalars()
        changes["update", "collectivite"].update(found)
    await create_from(session, "family", FAMILY)
    await analyze(session, "family")


async def write(session: AsyncSession, closed: Collection[int], changes: Changes) -> None:
    """A SIREN of a body closed without successor keeps meaning that body, where its links are."""
    await create_from(session, "resolved", RESOLVE, closed=closed)
    outdated = (await session.execute(sa.text(OUTDATED))).scalars().all()
    await remove(session, "collectivite_former_code", outdated, changes)
    repointed = (await session.execute(sa.text(REPOINT))).scalars()
    changes["update", "collectivite_former_code"].update(repointed)
    added = (await session.execute(sa.text(ADD))).scalars()
    changes["create", "collectivite_former_code"].update(added)
