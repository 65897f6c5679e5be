"""How ready a collectivité is: the best of its deployments decides (second half of the rule)."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import DATA_APIS, Demarche
from registry.domain.rollout.scope import Basis, Bound, bind_bodies
from registry.domain.rollout.verdicts import IN_FORCE, VERDICTS


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


def with_readiness(bound: Bound) -> str:
    """Common table expressions over the bodies and deployments of ``bound``.

    ``usage``: a row for each deployment in force of a concerned product, with the ``rank`` it
    gives to its collectivité. ``state``: a row for each body, with the best rank.
    """
    apis = ", ".join(f"'{service}'" for service in DATA_APIS)
    return f"""
    WITH {VERDICTS},
    body AS (
        SELECT id, siren, kind, population, strata, no_online_demarche_since
        FROM collectivite WHERE {bound.bodies}
    ),
    live AS (
        SELECT collectivite_id, product_id, demarche,
               bool_or(service = ANY(:accepted)) AS connected,
               bool_or(service IN ({apis})) AS prefilled
        FROM activation
        WHERE state = 'IN_PRODUCTION' AND {IN_FORCE}
        GROUP BY collectivite_id, product_id, demarche
    ),
    usage AS (
        SELECT deployment.collectivite_id, deployment.product_id, verdict.vendor_id, demarche,
               verdict.evidenced, verdict.declared_on,
               coalesce(live.prefilled, false) AS prefilled,
               CASE WHEN live.connected THEN 0
                    WHEN verdict.verdict = 'READY' THEN 1
                    WHEN verdict.qualified AND vendor.siren = body.siren THEN 1
                    WHEN verdict.verdict = 'COST_UNKNOWN' THEN 2
                    WHEN verdict.verdict = 'SURCHARGE' THEN 3
                    ELSE 4 END AS rank,
               verdict.verdict = 'READY'
                    OR (verdict.qualified AND vendor.siren = body.siren) AS ready
        FROM deployment
        JOIN body ON body.id = deployment.collectivite_id
        JOIN verdict USING (product_id)
        JOIN vendor ON vendor.id = verdict.vendor_id
        LEFT JOIN live USING (collectivite_id, product_id, demarche)
        WHERE verdict.verdict <> 'NOT_CONCERNED'
          AND deployment.since <= :as_of
          AND (deployment.until IS NULL OR deployment.until > :as_of)
          AND {bound.deployments}
    ),
    best AS (
        SELECT collectivite_id, min(rank) AS rank, bool_or(prefilled) AS prefilled,
               coalesce(bool_or(evidenced) FILTER (WHERE ready), false) AS evidenced,
               bool_or(declared_on IS NOT NULL) AS declared,
               min(product_id) = max(product_id) AS one_product,
               min(vendor_id) = max(vendor_id) AS one_vendor
        FROM usage GROUP BY collectivite_id
    ),
    state AS (
        SELECT body.*, coalesce(best.rank, {rank(Readiness.NO_KNOWN_SOFTWARE)}) AS rank,
               best.prefilled, best.evidenced, best.declared, best.one_product, best.one_vendor
        FROM body LEFT JOIN best ON best.collectivite_id = body.id
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
    query = sa.text(f"{with_readiness(bound)} SELECT id, rank FROM state")
    rows = await session.execute(query, bound.values)
    return {identifier: ORDER[position] for identifier, position in rows}


async def with_prefill(session: AsyncSession, ids: Sequence[int], as_of: date) -> set[int]:
    """Those connected with a data API in production too: coverage's ``connectedWithPrefill``."""
    bound = await bind_bodies(session, list(ids), as_of=as_of)
    query = sa.text(f"{with_readiness(bound)} SELECT id FROM state WHERE rank = 0 AND prefilled")
    return set(await session.scalars(query, bound.values))
