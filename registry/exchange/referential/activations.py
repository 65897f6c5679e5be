"""The activation histories of closed communes follow the successor; of two that meet, one stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.transitions import PROGRESS
from registry.exchange.referential.changes import Changes, remove
from registry.exchange.temporary import create_from

COMPARE = """
WITH latest AS (
    SELECT DISTINCT ON (member_id, product_id, demarche, service)
           owner_id, member_id, member_insee, product_id, demarche, service, state
    FROM family JOIN activation ON activation.collectivite_id = family.member_id
    ORDER BY member_id, product_id, demarche, service, effective_on DESC, activation.id DESC
)
SELECT *, first_value(member_id) OVER best AS kept_id, first_value(state) OVER best AS kept_state
FROM latest
WINDOW best AS (
    PARTITION BY owner_id, product_id, demarche, service
    ORDER BY array_position(CAST(:progress AS text[]), state::text) DESC, member_insee
)
"""

STEPS = """
SELECT activation.id
FROM history JOIN activation
  ON activation.collectivite_id = history.member_id
 AND (activation.product_id, activation.demarche, activation.service)
   = (history.product_id, history.demarche, history.service)
WHERE history.member_id <> history.kept_id
"""

KEEP = """
UPDATE activation SET collectivite_id = history.owner_id
FROM history
WHERE activation.collectivite_id = history.member_id
  AND (activation.product_id, activation.demarche, activation.service)
    = (history.product_id, history.demarche, history.service)
  AND history.member_id = history.kept_id AND history.member_id <> history.owner_id
RETURNING activation.id
"""

MOVED = "SELECT count(*) FROM history WHERE member_id = kept_id AND member_id <> owner_id"

ASIDE = """
SELECT body.name, body.code, history.state, kept.name AS kept_name, kept.code AS kept_code,
       kept_state, vendor.siren, product.slug, demarche, service
FROM history
JOIN collectivite AS body ON body.id = history.member_id
JOIN collectivite AS kept ON kept.id = history.kept_id
JOIN product ON product.id = history.product_id
JOIN vendor ON vendor.id = product.vendor_id
WHERE history.member_id <> history.kept_id
ORDER BY body.code, vendor.siren, product.slug, demarche, service
"""


@dataclass(frozen=True, slots=True)
class Activations:
    """Numbers of histories."""

    moved: int
    set_aside: int
    to_settle: list[str]


async def follow(session: AsyncSession, changes: Changes) -> Activations:
    """The history further along stays; on a tie the successor's, then that of the lowest code."""
    progress = sorted(PROGRESS, key=PROGRESS.__getitem__)
    await create_from(session, "history", COMPARE, progress=progress)
    aside = (await session.execute(sa.text(ASIDE))).all()
    steps = (await session.execute(sa.text(STEPS))).scalars().all()
    await remove(session, "activation", steps, changes)
    kept = (await session.execute(sa.text(KEEP))).scalars()
    changes["update", "activation"].update(kept)
    moved = int(await session.scalar(sa.text(MOVED)) or 0)
    return Activations(moved, len(aside), _sentences(aside))


def _sentences(aside: Sequence[sa.Row[Any]]) -> list[str]:
    return [
        f"Raccordement mis de côté : {row.service}, {row.siren}/{row.slug} ({row.demarche})"
        f" de {row.name} ({row.code}), à l’état {row.state} ; celui de {row.kept_name}"
        f" ({row.kept_code}), à l’état {row.kept_state}, est gardé."
        for row in aside
    ]
