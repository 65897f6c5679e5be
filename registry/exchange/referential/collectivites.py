"""The rows of `collectivite`, made to say what the geography says."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.errors import InvalidInput
from registry.exchange import temporary
from registry.exchange.referential.bodies import Body
from registry.exchange.referential.changes import Changes

LISTED = {
    **dict.fromkeys(("code", "kind", "insee", "siren", "name"), "text"),
    "population": "integer",
    **dict.fromkeys(("departements", "regions", "strata"), "text[]"),
    **dict.fromkeys(("epci", "search"), "text"),
    **dict.fromkeys(("postal_codes", "other_names"), "text[]"),
    "id": "bigint",
    "was_closed": "boolean",
    **dict.fromkeys(("former_name", "former_siren"), "text"),
    "former_successor_id": "bigint",
}
MEANING = {"former_code": "text", "code": "text", "said": "boolean"}

MATCH = """
UPDATE listed SET
    id = known.id, was_closed = known.closed_on IS NOT NULL, former_name = known.name,
    former_siren = nullif(known.siren, listed.siren), former_successor_id = known.successor_id
FROM (SELECT DISTINCT ON (code) * FROM collectivite ORDER BY code, closed_on DESC, id) AS known
WHERE known.code = listed.code
"""

TAKEN = """
SELECT body.name, body.siren, listed.name AS claimant
FROM collectivite AS body JOIN listed USING (siren)
WHERE body.closed_on IS NULL AND body.kind NOT IN ('COMMUNE', 'EPCI', 'DEPARTEMENT')
  AND listed.id IS DISTINCT FROM body.id
ORDER BY body.siren LIMIT 1
"""

CLOSE = """
UPDATE collectivite SET
    closed_on = make_date(:vintage, 1, 1), strata = '{}', epci_id = NULL
WHERE closed_on IS NULL AND kind IN ('COMMUNE', 'EPCI', 'DEPARTEMENT')
  AND id NOT IN (SELECT id FROM listed WHERE id IS NOT NULL)
RETURNING id
"""

# The unique index is checked row by row, and a SIREN may pass from one commune to another.
FREE_SIRENS = """
UPDATE collectivite SET siren = NULL FROM listed
WHERE listed.id = collectivite.id AND listed.former_siren IS NOT NULL
"""

CREATE = """
WITH made AS (
    INSERT INTO collectivite (kind, insee, siren, name, population, departements, regions, strata,
                              epci_id, vintage, search, postal_codes, other_names)
    SELECT body.kind, body.insee, body.siren, body.name, body.population, body.departements,
           body.regions, body.strata, epci.id, :vintage, body.search, body.postal_codes,
           body.other_names
    FROM listed AS body LEFT JOIN listed AS epci ON epci.code = body.epci
    WHERE body.id IS NULL AND (body.kind = 'COMMUNE') = :communes
    ORDER BY body.code
    RETURNING id, code
)
UPDATE listed SET id = made.id FROM made WHERE made.code = listed.code RETURNING made.id
"""

UPDATE = """
UPDATE collectivite AS body SET
    kind = said.kind, siren = said.siren, name = said.name, population = said.population,
    departements = said.departements, regions = said.regions, strata = said.strata,
    epci_id = said.epci_id, vintage = :vintage, closed_on = NULL, successor_id = NULL,
    search = said.search, postal_codes = said.postal_codes, other_names = said.other_names
FROM (
    SELECT listed.*, epci.id AS epci_id
    FROM listed LEFT JOIN listed AS epci ON epci.code = listed.epci
) AS said
WHERE said.id = body.id AND (
    body.kind, body.siren, body.name, body.population, body.departements, body.regions,
    body.strata, body.epci_id, body.vintage, body.closed_on, body.successor_id, body.search,
    body.postal_codes, body.other_names
) IS DISTINCT FROM (
    said.kind, said.siren, said.name, said.population, said.departements, said.regions,
    said.strata, said.epci_id, :vintage, NULL::date, NULL::bigint, said.search,
    said.postal_codes, said.other_names
)
RETURNING body.id
"""

INHERIT = """
UPDATE collectivite AS heir SET no_online_demarche_since = said.since
FROM (SELECT successor_id, max(no_online_demarche_since) AS since FROM collectivite
      WHERE id = ANY(:closed) AND successor_id IS NOT NULL
      GROUP BY successor_id HAVING bool_and(no_online_demarche_since IS NOT NULL)) AS said
WHERE heir.id = said.successor_id AND heir.id = ANY(:created)
RETURNING heir.id
"""

CHANGED_SIRENS = """
SELECT count(*) FROM listed WHERE former_siren IS NOT NULL AND NOT was_closed
"""


async def stage(
    session: AsyncSession, bodies: Sequence[Body], meanings: Iterable[tuple[str, str, bool]]
) -> None:
    """Copy what the geography says beside the registry, matched with the rows that it knows."""
    await temporary.create(session, "listed", LISTED, key="code")
    await temporary.create(session, "meaning", MEANING, key="former_code")
    await _copy(session, "listed", Body._fields, bodies)
    await _copy(session, "meaning", ("former_code", "code", "said"), meanings)
    await temporary.analyze(session, "listed")
    await session.execute(sa.text(MATCH))
    await _refuse_taken_siren(session)


async def write(session: AsyncSession, vintage: int, changes: Changes) -> list[int]:
    """Close, update and create. Returns the ids of the bodies closed now."""
    year = {"vintage": vintage}
    closed = await _ids(session, CLOSE, year)
    await session.execute(sa.text(FREE_SIRENS))
    created = await _ids(session, CREATE, {**year, "communes": False})
    updated = await _ids(session, UPDATE, year)
    created += await _ids(session, CREATE, {**year, "communes": True})
    changes["create", "collectivite"].update(created)
    changes["update", "collectivite"].update(closed, updated)
    return closed


async def inherit(session: AsyncSession, closed: Collection[int], changes: Changes) -> None:
    """A body that this load created has no online démarche where all those that it succeeds said
    so of themselves; one that was there before speaks for itself.
    """
    created = [*changes["create", "collectivite"]]
    heirs = await session.execute(sa.text(INHERIT), {"closed": [*closed], "created": created})
    changes["update", "collectivite"].update(heirs.scalars())


async def count_changed_sirens(session: AsyncSession) -> int:
    return int(await session.scalar(sa.text(CHANGED_SIRENS)) or 0)


async def _refuse_taken_siren(session: AsyncSession) -> None:
    taken = (await session.execute(sa.text(TAKEN))).first()
    if taken:
        raise InvalidInput(
            "siren",
            f"Le SIREN {taken.siren} de {taken.claimant} est déjà celui de {taken.name}"
            " dans le registre.",
        )


async def _ids(session: AsyncSession, statement: str, parameters: dict[str, int]) -> list[int]:
    return list((await session.execute(sa.text(statement), parameters)).scalars())


async def _copy(
    session: AsyncSession,
    table: str,
    columns: Sequence[str],
    records: Iterable[tuple[object, ...]],
) -> None:
    raw = await (await session.connection()).get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_records_to_table(table, records=records, columns=columns)
