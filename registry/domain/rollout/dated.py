"""The coverage of several dates, in one pass over the deployments.

A set of dates is the bits of an integer: where something begins and ends gives those at which it
holds, and what holds for a collectivité follows from its deployments by "and", "or" and "not".
"""

from collections.abc import Mapping, Sequence
from datetime import date

from models import DATA_APIS
from registry.domain.rollout.scope import Bound
from registry.domain.rollout.verdicts import VERDICTS

APIS = ", ".join(f"'{service}'" for service in DATA_APIS)
MEASURES: Mapping[str, str] = {
    "connected": "at_0",
    "connected_with_prefill": "at_0 & prefilled",
    "ready": "at_1",
    "ready_unverified": "at_1 & ~evidenced",
    "cost_unknown": "at_2",
    "blocked_by_surcharge": "at_3",
    "blocked_by_software": "at_4",
    "blocked_undeclared": "at_4 & ~declared",
    "no_known_software": "at_5",
    "no_online_demarche": "at_5 & offline",
}
"""The dates at which a body counts; ``at_0`` those at which its rank is that, and so on."""


def _from(day: str) -> str:
    """The dates on or after that day."""
    return f"(:every & ~((1 << width_bucket({day} - 1, CAST(:days AS date[]))) - 1))"


def _during(start: str, end: str) -> str:
    return f"({_from(start)} & ~coalesce({_from(end)}, 0))"


def values_of(days: Sequence[date]) -> dict[str, object]:
    """``days`` are in order, once each, and fewer than the 31 bits of an integer."""
    return {"days": [*days], "every": (1 << len(days)) - 1}


def with_counts(bound: Bound) -> str:
    """``count``: a row for each date, by its place from 0, and set of strata."""
    judged = VERDICTS.replace(":as_of", "day.day")
    measured = ", ".join(f"{sql} AS {name}" for name, sql in MEASURES.items())
    names = ", ".join(MEASURES)
    return f"""
    WITH day AS (
        SELECT day, CAST(place AS int) - 1 AS place
        FROM unnest(CAST(:days AS date[])) WITH ORDINALITY AS listed (day, place)
    ),
    concerned AS MATERIALIZED (
        SELECT product_id, siren,
               bit_or(bit) AS dates,
               coalesce(bit_or(bit) FILTER (WHERE verdict = 'READY'), 0) AS at_1,
               coalesce(bit_or(bit) FILTER (WHERE verdict = 'COST_UNKNOWN'), 0) AS at_2,
               coalesce(bit_or(bit) FILTER (WHERE verdict = 'SURCHARGE'), 0) AS at_3,
               coalesce(bit_or(bit) FILTER (WHERE qualified), 0) AS qualified,
               coalesce(bit_or(bit) FILTER (WHERE evidenced), 0) AS evidenced,
               coalesce(bit_or(bit) FILTER (WHERE declared_on IS NOT NULL), 0) AS declared
        FROM (
            SELECT 1 << day.place AS bit, judged.*
            FROM day CROSS JOIN LATERAL (WITH {judged} SELECT * FROM verdict) AS judged
            OFFSET 0
        ) AS judged
        JOIN vendor ON vendor.id = vendor_id
        WHERE verdict <> 'NOT_CONCERNED'
        GROUP BY product_id, siren
    ),
    body AS (
        SELECT id, siren, strata,
               coalesce({_from("no_online_demarche_since")}, 0) AS offline
        FROM collectivite WHERE {bound.bodies}
    ),
    link AS NOT MATERIALIZED (
        SELECT collectivite_id, product_id, demarche, {_during("since", "until")} AS dates
        FROM deployment WHERE {bound.deployments}
    ),
    live AS (
        SELECT collectivite_id, product_id, demarche,
               coalesce(bit_or(dates) FILTER (WHERE service = ANY(:accepted)), 0) AS connected,
               coalesce(bit_or(dates) FILTER (WHERE service IN ({APIS})), 0) AS prefilled
        FROM (
            SELECT *, {_during("effective_on", "effective_until")} AS dates
            FROM activation WHERE state = 'IN_PRODUCTION' AND {bound.activations}
        ) AS activation
        GROUP BY collectivite_id, product_id, demarche
    ),
    used AS (
        SELECT collectivite_id,
               coalesce(bit_or(dates & connected), 0) AS at_0,
               bit_or(dates & at_1) AS at_1,
               bit_or(dates & at_2) AS at_2,
               bit_or(dates & at_3) AS at_3,
               bit_or(dates) AS dates,
               coalesce(bit_or(dates & prefilled), 0) AS prefilled,
               bit_or(dates & at_1 & evidenced) AS evidenced,
               bit_or(dates & declared) AS declared
        FROM (
            SELECT collectivite_id, link.dates & concerned.dates AS dates, at_1, at_2, at_3,
                   evidenced, declared, connected, prefilled
            FROM link
            JOIN concerned USING (product_id)
            LEFT JOIN live USING (collectivite_id, product_id, demarche)
            OFFSET 0
        ) AS usage
        GROUP BY collectivite_id
        UNION ALL
        SELECT body.id, 0, link.dates & qualified, 0, 0, 0, 0,
               link.dates & qualified & evidenced, 0
        FROM body
        JOIN concerned USING (siren)
        JOIN link ON link.collectivite_id = body.id AND link.product_id = concerned.product_id
    ),
    best AS (
        SELECT collectivite_id, bit_or(at_0) AS at_0, bit_or(at_1) AS at_1, bit_or(at_2) AS at_2,
               bit_or(at_3) AS at_3, bit_or(dates) AS dates, bit_or(prefilled) AS prefilled,
               bit_or(evidenced) AS evidenced, bit_or(declared) AS declared
        FROM used GROUP BY collectivite_id
    ),
    state AS (
        SELECT strata, offline, coalesce(at_0, 0) AS at_0,
               coalesce(at_1 & ~at_0, 0) AS at_1,
               coalesce(at_2 & ~(at_0 | at_1), 0) AS at_2,
               coalesce(at_3 & ~(at_0 | at_1 | at_2), 0) AS at_3,
               coalesce(dates & ~(at_0 | at_1 | at_2 | at_3), 0) AS at_4,
               :every & ~coalesce(dates, 0) AS at_5,
               coalesce(prefilled, 0) AS prefilled,
               coalesce(evidenced, 0) AS evidenced,
               coalesce(declared, 0) AS declared
        FROM body LEFT JOIN best ON best.collectivite_id = body.id
    ),
    alike AS (
        SELECT strata, {names}, count(*) AS bodies
        FROM (SELECT strata, {measured} FROM state) AS measured
        GROUP BY strata, {names}
    ),
    count AS (
        SELECT place, strata, sum(bodies) AS total,
               {", ".join(f"sum(bodies * (({name} >> place) & 1)) AS {name}" for name in MEASURES)}
        FROM alike CROSS JOIN day GROUP BY place, strata
    )
    """
