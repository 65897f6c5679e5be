"""The deployments of closed communes follow the successor, and periods that overlap become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.exchange.referential.changes import Changes, remove
from registry.exchange.temporary import create_from

# Gaps and islands: a period starts an island when all earlier ones have ended. Two of the same
# `since` are one key, so they are one island even where one of them is empty.
MEET = """
WITH dated AS (
    SELECT deployment.*, owner_id, member_id, member_insee,
           confirmed_by IS NOT NULL OR declared_by = 'MINISTRY' AS confirmed,
           since >= max(coalesce(until, 'infinity')) OVER earlier
               AND since > lag(since) OVER chronological AS starts
    FROM family JOIN deployment ON deployment.collectivite_id = family.member_id
    WINDOW chronological AS (
               PARTITION BY owner_id, product_id, demarche ORDER BY since, deployment.id
           ),
           earlier AS (chronological ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), numbered AS (
    SELECT *, count(*) FILTER (WHERE starts) OVER (
        PARTITION BY owner_id, product_id, demarche ORDER BY since, id
    ) AS island
    FROM dated
)
SELECT id, owner_id, member_id, product_id, demarche, operator AS said_operator,
       first_value(id) OVER kept AS kept_id,
       min(since) OVER island AS since,
       first_value(since_approximate) OVER (island ORDER BY numbered.since, since_approximate)
           AS since_approximate,
       nullif(max(coalesce(until, 'infinity')) OVER island, 'infinity') AS until,
       first_value(operator) OVER voice AS operator,
       first_value(declared_by) OVER voice AS declared_by,
       first_value(confirmed_by) OVER voice AS confirmed_by
FROM numbered
WINDOW island AS (PARTITION BY owner_id, product_id, demarche, island),
       kept AS (island ORDER BY member_insee, numbered.since),
       voice AS (island ORDER BY confirmed DESC, member_insee, numbered.since)
"""

ABSORBED = "SELECT id FROM met WHERE id <> kept_id"

KEEP = """
UPDATE deployment SET
    collectivite_id = met.owner_id, since = met.since,
    since_approximate = met.since_approximate, until = met.until,
    operator = met.operator, declared_by = met.declared_by, confirmed_by = met.confirmed_by
FROM met
WHERE met.id = deployment.id AND (
    deployment.collectivite_id, deployment.since, deployment.since_approximate, deployment.until,
    deployment.operator, deployment.declared_by, deployment.confirmed_by
) IS DISTINCT FROM (
    met.owner_id, met.since, met.since_approximate, met.until,
    met.operator, met.declared_by, met.confirmed_by
)
RETURNING deployment.id, met.member_id <> met.owner_id AS moved
"""

SILENCED = """
SELECT DISTINCT owner.name, owner.code, vendor.siren, product.slug, demarche, said_operator
FROM met
JOIN collectivite AS owner ON owner.id = met.owner_id
JOIN product ON product.id = met.product_id
JOIN vendor ON vendor.id = product.vendor_id
WHERE said_operator <> operator OR (said_operator IS NOT NULL AND operator IS NULL)
ORDER BY owner.code, vendor.siren, product.slug, demarche, said_operator
"""


@dataclass(frozen=True, slots=True)
class Deployments:
    moved: int
    merged: int
    to_settle: list[str]


async def follow(session: AsyncSession, changes: Changes) -> Deployments:
    """Of periods that meet, the successor's own row stays, or that of the lowest INSEE code.

    Who declared and confirmed it, and its operator, come together from one period: a confirmed
    one first (the ministry's word is), then in the same order.
    """
    await create_from(session, "met", MEET)
    silenced = (await session.execute(sa.text(SILENCED))).all()
    absorbed = (await session.execute(sa.text(ABSORBED))).scalars().all()
    await remove(session, "deployment", absorbed, changes)
    kept = (await session.execute(sa.text(KEEP))).all()
    changes["update", "deployment"].update(row.id for row in kept)
    return Deployments(sum(row.moved for row in kept), len(absorbed), _sentences(silenced))


def _sentences(silenced: Sequence[sa.Row[Any]]) -> list[str]:
    return [
        f"Opérateur non repris : en réunissant les usages de {row.siren}/{row.slug}"
        f" ({row.demarche}) à {row.name} ({row.code}), l’opérateur {row.said_operator}"
        " a cédé la place ; à vérifier."
        for row in silenced
    ]
