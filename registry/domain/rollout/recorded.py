"""The registry as the ledger told it right after one of its entries.

Each table on which the rule depends is made anew, under its own name, for the rule to run on it
unchanged. What no later entry speaks of is as it stands; anything else is as its last entry until
then says. The ends of steps, which the ledger does not hold, follow from the steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.rollout.periods import Moment, head
from registry.domain.rollout.readiness import with_readiness, with_state
from registry.domain.rollout.scope import Scope, bind
from registry.domain.verification import SUBJECTS

COLUMNS: Mapping[str, Sequence[str]] = {
    "collectivite": (
        *("siren", "kind", "population", "strata", "departements", "regions", "epci_id"),
        *("closed_on", "no_online_demarche_since"),
    ),
    "deployment": (
        *("collectivite_id", "product_id", "demarche", "since", "until"),
        *("declared_by", "confirmed_by"),
    ),
    "activation": ("collectivite_id", "product_id", "demarche", "service", "state", "effective_on"),
    "integration": (
        *("product_id", "service", "state", "evidence_level", "declared_by", "effective_on"),
    ),
    "commitment": ("vendor_id", "product_id", "state", "valid_until", "effective_on"),
    "product": ("vendor_id", "citizen_login"),
    "vendor": ("siren",),
}
"""What the rule and the scopes read of each table, besides its ``id``."""

ACCEPTED = sa.text("""
    SELECT ARRAY(SELECT jsonb_array_elements_text(
               CAST(convert_from(payload, 'UTF8') AS jsonb) -> 'record' -> 'accepted_services'))
    FROM ledger WHERE noun = 'campaign' AND seq <= :entry ORDER BY seq DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Told:
    """The rule over the registry of a moment; ``values`` is what it binds."""

    tables: str
    rule: str
    values: Mapping[str, Any]

    def select(self, columns: str) -> str:
        """A query of ``verdict`` or ``state``, its FROM included."""
        query = f"{self.rule} SELECT {columns}"
        return f"WITH {self.tables} SELECT * FROM ({query}) AS told" if self.tables else query


async def told(session: AsyncSession, scope: Scope, moment: Moment) -> Told:
    bound = await bind(session, replace(scope, as_of=moment.day))
    if moment.entry is None or moment.entry == await head(session):
        return Told("", with_state(bound), bound.values)
    accepted = await session.scalar(ACCEPTED, {"entry": moment.entry})
    values = {"entry": moment.entry} | ({} if accepted is None else {"accepted": accepted})
    tables = ", ".join(_as_told(noun) for noun in COLUMNS)
    return Told(tables, with_readiness(bound), bound.values | values)


def _as_told(noun: str) -> str:
    """The table of that name, and the ids of what later entries speak of."""
    columns = ", ".join(["id", *COLUMNS[noun]])
    restored = ", ".join(["later.id", *(f"kept.{column}" for column in COLUMNS[noun])])
    rows = f"""
        SELECT {columns} FROM {noun}
        WHERE NOT EXISTS (SELECT FROM {noun}_later AS later WHERE later.id = {noun}.id)
        UNION ALL
        SELECT {restored}
        FROM {noun}_later AS later
        CROSS JOIN LATERAL (
            SELECT CAST(convert_from(payload, 'UTF8') AS jsonb) AS entry FROM ledger
            WHERE noun = '{noun}' AND subject_id = later.id AND seq <= :entry
            ORDER BY seq DESC LIMIT 1
        ) AS said
        CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS {noun}), entry -> 'record') AS kept
        WHERE entry ->> 'action' <> 'delete'
    """
    if noun in SUBJECTS:
        rows = f"""
            SELECT *, lead(effective_on) OVER (
                PARTITION BY {SUBJECTS[noun]} ORDER BY effective_on, id) AS effective_until
            FROM ({rows}) AS step
        """
    return f"""
    {noun}_later AS (
        SELECT DISTINCT subject_id AS id FROM ledger WHERE noun = '{noun}' AND seq > :entry
    ),
    {noun} AS ({rows})
    """
