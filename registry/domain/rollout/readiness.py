"""How ready a collectivité is: the best of its deployments decides (second half of the rule)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import DATA_APIS, Demarche
from registry.domain.rollout.scope import Basis, Bound, bind_bodies, bind_open
from registry.domain.rollout.verdicts import IN_FORCE, STORED, VERDICTS


class Readiness(StrEnum):
    """Best first."""

    CONNECTED = "CONNECTED"
    READY = "READY"
    COST_UNKNOWN = "COST_UNKNOWN"
    BLOCKED_BY_SURCHARGE = "BLOCKED_BY_SURCHARGE"
    BLOCKED_BY_SOFTWARE = "BLOCKED_BY_SOFTWARE"
    NO_KNOWN_SOFTWARE = "NO_KNOWN_SOFTWARE"


ORDER = tuple(Readiness)
BLOCKED = (Readiness.BLOCKED_BY_SURCHARGE, Readiness.BLOCKED_BY_SOFTWARE)


def rank(readiness: Readiness) -> int:
    """The number that stands for it in SQL: the smaller the better."""
    return ORDER.index(readiness)


def with_readiness(bound: Bound, verdicts: str = VERDICTS) -> str:
    """Common table expressions over the bodies and deployments of ``bound``; ``verdicts`` may be
    those that are derived, where they hold.

    ``concerned``: each product that may block, with the ``rank`` it gives to any collectivité but
    those whose own software it is (``in_house``). ``usage``: a row for each deployment in force
    of one, with the ``rank`` it gives to its collectivité; where no territory narrows the bodies,
    those of bodies left out are there too. ``state``: a row for each body, with the best rank,
    and what ``models.CollectiviteReadiness`` says of it.
    """
    apis = ", ".join(f"'{service}'" for service in DATA_APIS)
    return f"""
    WITH {verdicts},
    body AS (
        SELECT id, siren, kind, population, strata, no_online_demarche_since
        FROM collectivite WHERE {bound.bodies}
    ),
    live AS (
        SELECT collectivite_id, product_id, demarche,
               bool_or(service = ANY(:accepted)) AS connected,
               bool_or(service IN ({apis})) AS prefilled
        FROM activation
        WHERE state = 'IN_PRODUCTION' AND {IN_FORCE} AND {bound.activations}
        GROUP BY collectivite_id, product_id, demarche
    ),
    concerned AS (
        SELECT product_id, vendor_id, vendor.siren, qualified, evidenced, declared_on,
               CASE verdict WHEN 'READY' THEN 1 WHEN 'COST_UNKNOWN' THEN 2
                            WHEN 'SURCHARGE' THEN 3 ELSE 4 END AS rank
        FROM verdict JOIN vendor ON vendor.id = vendor_id
        WHERE verdict <> 'NOT_CONCERNED'
    ),
    in_house AS (
        SELECT body.id AS collectivite_id, product_id
        FROM body JOIN concerned USING (siren) WHERE qualified
    ),
    link AS (
        SELECT collectivite_id, product_id, demarche FROM deployment
        WHERE since <= :as_of AND (until IS NULL OR until > :as_of) AND {bound.deployments}
    ),
    usage AS (
        SELECT collectivite_id, product_id, concerned.vendor_id, demarche,
               concerned.evidenced, concerned.declared_on,
               coalesce(live.prefilled, false) AS prefilled,
               CASE WHEN live.connected THEN 0
                    WHEN in_house.product_id IS NOT NULL THEN 1
                    ELSE concerned.rank END AS rank,
               concerned.rank = 1 OR in_house.product_id IS NOT NULL AS ready
        FROM link
        JOIN concerned USING (product_id)
        LEFT JOIN in_house USING (collectivite_id, product_id)
        LEFT JOIN live USING (collectivite_id, product_id, demarche)
    ),
    best AS (
        SELECT collectivite_id, min(rank) AS rank, bool_or(prefilled) AS prefilled,
               coalesce(bool_or(evidenced) FILTER (WHERE ready), false) AS evidenced,
               bool_or(declared_on IS NOT NULL) AS declared,
               array_agg(DISTINCT product_id) AS products,
               array_agg(DISTINCT vendor_id) AS vendors,
               array_agg(DISTINCT product_id) FILTER (WHERE rank = 0) AS connected_products,
               array_agg(DISTINCT vendor_id) FILTER (WHERE rank = 0) AS connected_vendors
        FROM usage GROUP BY collectivite_id
    ),
    state AS (
        SELECT body.*, coalesce(best.rank, {rank(Readiness.NO_KNOWN_SOFTWARE)}) AS rank,
               coalesce(best.prefilled, false) AS prefilled,
               coalesce(best.evidenced, false) AS evidenced,
               coalesce(best.declared, false) AS declared,
               coalesce(body.no_online_demarche_since <= :as_of, false) AS offline,
               coalesce(best.products, '{{}}') AS products,
               coalesce(best.vendors, '{{}}') AS vendors,
               coalesce(best.connected_products, '{{}}') AS connected_products,
               coalesce(best.connected_vendors, '{{}}') AS connected_vendors
        FROM body LEFT JOIN best ON best.collectivite_id = body.id
    )
    """


STATE = (
    "kind, population, strata, rank, prefilled, evidenced, declared, offline, products, vendors,"
    " connected_products, connected_vendors"
)
"""What ``state`` says of each body besides its ``id``."""


def with_state(bound: Bound) -> str:
    """``verdict`` and ``state``: as they were derived where they hold, for open bodies, else
    computed.
    """
    if not bound.stored:
        return with_readiness(bound)
    return f"""
    WITH {STORED},
    state AS (
        SELECT collectivite_id AS id, {STATE} FROM readiness
        WHERE basis = :basis
          AND collectivite_id IN (SELECT id FROM collectivite WHERE {bound.bodies})
    )
    """


async def of_collectivites(
    session: AsyncSession,
    ids: Sequence[int],
    *,
    demarche: Demarche | None = None,
    as_of: date | None = None,
    basis: Basis = Basis.DECLARED,
) -> dict[int, Readiness]:
    bound = await bind_bodies(session, list(ids), demarche=demarche, as_of=as_of, basis=basis)
    found = await _ranked(session, with_state(bound), bound)
    if bound.stored and not found.keys() >= {*ids}:
        found |= await _ranked(session, with_readiness(bound), bound)
    return found


async def _ranked(session: AsyncSession, states: str, bound: Bound) -> dict[int, Readiness]:
    rows = await session.execute(sa.text(f"{states} SELECT id, rank FROM state"), bound.values)
    return {identifier: ORDER[position] for identifier, position in rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """``silent``: blocked by software of which no vendor said anything. ``offline``: it declares
    that it has no online démarche.
    """

    readiness: Readiness
    silent: bool
    offline: bool


async def standings(session: AsyncSession, ids: Sequence[int]) -> dict[int, Standing]:
    """Today's of open bodies, as they were derived where they hold."""
    bound = await bind_bodies(session, list(ids))
    query = sa.text(f"{with_state(bound)} SELECT id, rank, declared, offline FROM state")
    found = {}
    for row in await session.execute(query, bound.values):
        readiness = ORDER[row.rank]
        silent = readiness is Readiness.BLOCKED_BY_SOFTWARE and not row.declared
        found[row.id] = Standing(readiness, silent, row.offline)
    return found


KEPT = "SELECT collectivite_id FROM readiness WHERE basis = 'DECLARED'"


async def standing(
    session: AsyncSession, wanted: Readiness, *, silent: bool = False
) -> sa.ColumnElement[bool]:
    """Whether a row of ``collectivite`` stands so today; ``silent`` as in ``Standing``."""
    bound = await bind_open(session)
    source = KEPT if bound.stored else f"{with_readiness(bound)} SELECT id FROM state WHERE true"
    names = () if bound.stored else ("as_of", "accepted")
    known = "AND NOT declared" if silent else ""
    query = sa.text(f"collectivite.id IN ({source} AND rank = :rank {known})")
    values = {name: bound.values[name] for name in names}
    return sa.and_(query.bindparams(rank=rank(wanted), **values))


async def with_prefill(session: AsyncSession, ids: Sequence[int], as_of: date) -> set[int]:
    """Those connected with a data API in production too: coverage's ``connectedWithPrefill``."""
    bound = await bind_bodies(session, list(ids), as_of=as_of)
    query = sa.text(f"{with_readiness(bound)} SELECT id FROM state WHERE rank = 0 AND prefilled")
    return set(await session.scalars(query, bound.values))
