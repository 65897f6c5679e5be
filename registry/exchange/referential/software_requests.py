"""What closed communes wait for, their successor now waits for."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.exchange.referential.changes import Changes

FOLLOW = """
UPDATE software_request SET collectivite_id = body.successor_id
FROM collectivite AS body
WHERE body.id = collectivite_id AND body.successor_id IS NOT NULL
RETURNING software_request.id
"""


async def follow(session: AsyncSession, changes: Changes) -> None:
    moved = (await session.execute(sa.text(FOLLOW))).scalars()
    changes["update", "software_request"].update(moved)
