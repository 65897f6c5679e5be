"""Clients are counted where they stand, as the rule says of each."""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from hypothesis import given, settings
from sqlalchemy.ext.asyncio import AsyncSession

from registry.database import Database
from registry.domain.clients import ClientsOf
from registry.domain.clock import today
from registry.domain.rollout import clientele, readiness, upkeep
from tests.domain.test_rollout.loading import loaded
from tests.domain.test_rollout.test_against_oracle import questions, steadily
from tests.effort import examples
from tests.oracle import Scope, World

CLIENTS = sa.text("""
    SELECT DISTINCT product_id, vendor_id, collectivite_id, closed_on IS NULL AS open
    FROM deployment
    JOIN product ON product.id = product_id
    JOIN collectivite ON collectivite.id = collectivite_id
    WHERE since <= :day AND (until IS NULL OR until > :day)
""")


@settings(steadily, max_examples=examples(60))
@given(questions(1))
async def test_counts_are_those_of_each_client(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    """Computed, then as they were derived."""
    world, _ = question
    async with loaded(database, world) as registry:
        await compare(registry.session)
        await upkeep.derive(registry.session, today())
        await compare(registry.session)


async def compare(session: AsyncSession) -> None:
    """A body that closed, and whose use nobody ended, is still counted among all."""
    rows = (await session.execute(CLIENTS, {"day": today()})).all()
    states = await readiness.of_collectivites(session, [row.collectivite_id for row in rows])
    for owner, column in ((ClientsOf.PRODUCT, "product_id"), (ClientsOf.VENDOR, "vendor_id")):
        pairs = {(getattr(row, column), row.collectivite_id, row.open) for row in rows}
        ids = [*{subject for subject, *_ in pairs}]
        found = await clientele.of_each(session, owner, ids, today())
        assert {
            (subject, state): count
            for subject, clients in found.items()
            for state, count in clients.counts.items()
            if count
        } == Counter((subject, states[client]) for subject, client, is_open in pairs if is_open)
        totals = await clientele.totals(session, owner, ids, today())
        assert totals == Counter(subject for subject, *_ in pairs)
