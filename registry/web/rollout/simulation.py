"""What would be ready if some software became so."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from registry.auth.prices import SIMULATION
from registry.domain import vendors
from registry.domain.errors import InvalidInput
from registry.domain.rollout.blockers import Blocker, Grouping, rank_blockers
from registry.domain.rollout.coverage import Counts
from registry.domain.rollout.fixes import NOTHING, Fixes
from registry.domain.rollout.simulation import Simulation, simulate
from registry.web.queries import Query
from registry.web.rollout import choices
from registry.web.rollout.blockers import GROUPINGS, grouping
from registry.web.rollout.choices import Choice
from registry.web.rollout.coverage import lines_of, name_of
from registry.web.rollout.scopes import asked
from registry.web.visits import Visit

VENDOR, PRODUCT, ADDED = "editeur", "logiciel", "ajouter"
OFFERED = 20


@dataclass(frozen=True, slots=True)
class Before:
    """A line of coverage, and what it becomes."""

    name: str
    before: Counts
    after: Counts
    target: int | None

    @property
    def gained(self) -> int:
        return self.after.ready - self.before.ready

    @property
    def missing(self) -> int | None:
        """What the connected and the ready together still lack."""
        reached = self.after.connected + self.after.ready
        return None if self.target is None else max(0, self.target - reached)


async def show(visit: Visit) -> Response:
    wanted = await asked(visit)
    visit.spend(SIMULATION.of(wanted.scope))
    blocking = await choices.blocking(visit, wanted.scope)
    async with visit.database.read() as session:
        by = grouping(wanted.query, Grouping.VENDOR)
        ranked = await rank_blockers(session, wanted.scope, by, first=OFFERED)
        owners = await vendors.by_ids(session, [row.vendor_id for row in ranked.rows])
        fixes, fault = await _chosen(session, wanted.query)
        ticked = (await choices.named(session, fixes))[fixes]
        found = None if fixes == NOTHING else await simulate(session, wanted.scope, fixes)
    return visit.page(
        "rollout/simulation.html",
        400 if fault else 200,
        asked=wanted,
        blocking=blocking,
        by=by,
        groupings=GROUPINGS,
        offered=ranked.rows,
        vendors=owners,
        keys=[key_of(row) for row in ranked.rows],
        ticked=ticked,
        others=_others(ticked, ranked.rows),
        fault=fault,
        found=found,
        lines=[] if found is None else _lines(found),
    )


async def _chosen(session: AsyncSession, query: Query) -> tuple[Fixes, str | None]:
    """What is ticked, and what was typed to be added; where that is nothing, why."""
    ticked = [*query.all(VENDOR), *query.all(PRODUCT)]
    known = await choices.read(session, ticked, "fixes")
    try:
        return await choices.read(session, [*ticked, *query.all(ADDED)], ADDED), None
    except InvalidInput as refusal:
        return known, refusal.message


def key_of(row: Blocker) -> str:
    return f"{row.vendor_siren}/{row.slug}" if row.slug else row.vendor_siren


def _others(ticked: Sequence[Choice], offered: Sequence[Blocker]) -> list[Choice]:
    """Ticked, and not among those that are offered."""
    keys = {key_of(row) for row in offered}
    return [choice for choice in ticked if choice.key not in keys]


def _lines(found: Simulation) -> list[Before]:
    pairs = zip(lines_of(found.before), lines_of(found.after), strict=True)
    return [
        Before(name_of(before), before.counts, after.counts, before.target_count)
        for before, after in pairs
    ]
