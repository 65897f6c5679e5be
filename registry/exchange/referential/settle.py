"""What a load can't decide about the bodies themselves, told to a person."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

CLOSED = """
SELECT name, code, kind,
       (SELECT count(*) FROM deployment WHERE collectivite_id = collectivite.id) AS deployments
FROM collectivite
WHERE id = ANY(:closed) AND successor_id IS NULL
ORDER BY code
"""

PASSED = """
SELECT former.former_siren AS siren, former.code, former.former_name, former.name,
       heir.name AS heir_name, heir.code AS heir_code
FROM listed AS former JOIN listed AS heir ON heir.siren = former.former_siren
WHERE NOT former.was_closed
ORDER BY former.code
"""

REOPENED = """
SELECT listed.name, listed.code, other.name AS other_name, other.code AS other_code
FROM listed JOIN collectivite AS other ON other.id = listed.former_successor_id
WHERE listed.was_closed
ORDER BY listed.code
"""


async def sentences(session: AsyncSession, closed: Collection[int]) -> list[str]:
    alone = (await session.execute(sa.text(CLOSED), {"closed": closed})).all()
    passed = (await session.execute(sa.text(PASSED))).all()
    reopened = (await session.execute(sa.text(REOPENED))).all()
    return [*_alone(alone), *_passed(passed), *_reopened(reopened)]


def _alone(rows: Sequence[sa.Row[Any]]) -> list[str]:
    return [
        f"Fermeture sans successeur connu : {row.name} ({row.code}, {row.kind}) ;"
        f" usages de logiciels restés sur elle : {row.deployments}."
        for row in rows
    ]


def _passed(rows: Sequence[sa.Row[Any]]) -> list[str]:
    return [
        f"Le SIREN {row.siren}, qui était celui du code {row.code} ({row.former_name},"
        f" aujourd’hui {row.name}), est désormais celui du code {row.heir_code}"
        f" ({row.heir_name}) ; vérifiez à qui reviennent les usages enregistrés sous {row.code}."
        for row in rows
    ]


def _reopened(rows: Sequence[sa.Row[Any]]) -> list[str]:
    return [
        f"Commune rétablie : {row.name} ({row.code}) ; ses usages de logiciels étaient passés à"
        f" {row.other_name} ({row.other_code}) et y restent."
        for row in rows
    ]
