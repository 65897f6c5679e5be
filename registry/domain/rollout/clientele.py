"""How ready the clients of products or of vendors are, as counts, which are public."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.clients import ClientsOf
from registry.domain.rollout.readiness import ORDER, Readiness, with_readiness
from registry.domain.rollout.scope import STANDING, Basis, Bound

OWNERS = {ClientsOf.PRODUCT: "id", ClientsOf.VENDOR: "vendor_id"}
THROUGH = {ClientsOf.PRODUCT: "connected_products", ClientsOf.VENDOR: "connected_vendors"}


@dataclass(frozen=True, slots=True)
class Clientele:
    """Distinct collectivités with a deployment in force, by their own readiness; ``through`` are
    those connected by the product or the vendor itself.
    """

    counts: Mapping[Readiness, int]
    through: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())


KEPT = """
    WITH state AS (
        SELECT collectivite_id AS id, rank, connected_products, connected_vendors
        FROM readiness WHERE basis = :basis
    )
"""
"""Of all who are open, as it was derived: those that are clients are found by their key."""

NOBODY = Clientele(dict.fromkeys(Readiness, 0), 0)


async def of_each(
    session: AsyncSession, owner: ClientsOf, ids: Sequence[int], day: date
) -> dict[int, Clientele]:
    """One without any client has ``NOBODY``."""
    bound = await _bind(session, owner, ids, day)
    query = f"""
        {KEPT if bound.stored else with_readiness(bound)}, client AS ({_clients(owner)})
        SELECT owner, rank, count(*) AS clients,
               count(*) FILTER (WHERE owner = ANY({THROUGH[owner]})) AS through
        FROM client JOIN state ON state.id = client.collectivite_id
        GROUP BY owner, rank
    """
    found: dict[int, Clientele] = dict.fromkeys(ids, NOBODY)
    for row in await session.execute(sa.text(query), bound.values):
        before = found[row.owner]
        counts = {**before.counts, ORDER[row.rank]: row.clients}
        found[row.owner] = Clientele(counts, before.through + row.through)
    return found


async def totals(
    session: AsyncSession, owner: ClientsOf, ids: Sequence[int], day: date
) -> dict[int, int]:
    """How many there are, wherever they stand; one without any is absent."""
    query = f"SELECT owner, count(*) FROM ({_clients(owner)}) AS client GROUP BY owner"
    rows = await session.execute(sa.text(query), {"owners": list(ids), "as_of": day})
    return dict(rows.all())


def _clients(owner: ClientsOf) -> str:
    return f"""
        SELECT DISTINCT product.{OWNERS[owner]} AS owner, collectivite_id
        FROM deployment JOIN product ON product.id = product_id
        WHERE product.{OWNERS[owner]} = ANY(:owners)
          AND since <= :as_of AND (until IS NULL OR until > :as_of)
    """


async def _bind(session: AsyncSession, owner: ClientsOf, ids: Sequence[int], day: date) -> Bound:
    standing = (await session.execute(STANDING)).one()
    clients = f"SELECT collectivite_id FROM ({_clients(owner)}) AS client"
    among = "collectivite_id IN (SELECT id FROM body)"
    values = {
        "as_of": day,
        "accepted": standing.accepted_services,
        "basis": Basis.DECLARED.value,
        "owners": list(ids),
    }
    bodies = f"closed_on IS NULL AND id IN ({clients})"
    stored = day == standing.derived_on and not standing.touched
    return Bound(day, bodies, among, among, values, stored=stored)
