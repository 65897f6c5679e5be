"""Which software blocks the rollout, the most blocking first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import DATA_APIS, CommitmentState, Integration, IntegrationState, Service
from registry.domain import commitments, integrations, vendors
from registry.domain.commitments import CommitmentRead
from registry.domain.disputes import reading as disputes
from registry.domain.freshness import is_stale
from registry.domain.levels import ShownLevel, of_commitment, of_integration
from registry.domain.rollout.blockers import Blockers, Grouping, rank_blockers
from registry.domain.rollout.verdicts import Verdict
from registry.domain.words import COMMITMENT_STATES, INTEGRATION_STATES, SERVICES, SOURCES
from registry.web import twins
from registry.web.queries import AFTER, PAGE, Query
from registry.web.rollout.scopes import asked
from registry.web.visits import Visit

BY = "par"
GROUPINGS = {Grouping.PRODUCT: "par logiciel", Grouping.VENDOR: "par éditeur"}
PRICED = (Verdict.SURCHARGE, Verdict.COST_UNKNOWN)
"""What stands on the commitment too, and not on the integration alone."""
COLUMNS = (
    *("rank", "vendor_siren", "vendor_name", "slug", "product_name", "verdict", "blocked"),
    *("blocked_alone", "population", "connected_clients", "declared_on"),
)


@dataclass(frozen=True, slots=True)
class Word:
    """What was said of a product, by whom, when, and on what evidence."""

    text: str
    source: str
    said_on: date
    level: ShownLevel
    stale: bool


async def show(visit: Visit) -> Response:
    wanted = await asked(visit)
    async with visit.database.read() as session:
        by, start = grouping(wanted.query, Grouping.PRODUCT), wanted.query.integer(AFTER) or 0
        found = await rank_blockers(session, wanted.scope, by, first=PAGE, after_rank=start)
        owners = await vendors.by_ids(session, [row.vendor_id for row in found.rows])
        words = await _words(session, visit, found)
    return visit.page(
        "rollout/blockers.html",
        asked=wanted,
        by=by,
        groupings=GROUPINGS,
        found=found,
        vendors=owners,
        words=words,
        pages=_pages(wanted.query, start, found.total),
    )


async def file(kind: str, visit: Visit) -> Response:
    """The ranking as it was at once, whole."""
    wanted = await asked(visit)
    async with visit.database.read() as session:
        by = grouping(wanted.query, Grouping.PRODUCT)
        found = await rank_blockers(session, wanted.scope, by)
    rows = ({column: getattr(row, column) for column in COLUMNS} for row in found.rows)
    return twins.twin(kind, "blocages", COLUMNS, twins.whole(rows))


def grouping(query: Query, default: Grouping) -> Grouping:
    return query.word(BY, Grouping) or default


def _pages(query: Query, start: int, total: int) -> tuple[str | None, str | None]:
    before, after = max(0, start - PAGE), start + PAGE
    return (
        query.link(**{AFTER: str(before) if before else None}) if start else None,
        query.link(**{AFTER: str(after)}) if after < total else None,
    )


async def _words(
    session: AsyncSession, visit: Visit, found: Blockers
) -> Mapping[int, Sequence[Word]]:
    """On what each product's verdict stands."""
    ids = [row.product_id for row in found.rows if row.product_id is not None]
    if not ids:
        return {}
    steps = await integrations.current_of_products(session, ids, found.as_of)
    priced = [row.product_id for row in found.rows if row.verdict in PRICED and row.product_id]
    signed = await commitments.applying(session, priced, found.as_of)
    contested = await disputes.contested(session, ids)
    months = visit.door.settings.stale_after_months
    return {
        product: [
            *_integration(steps.get(product, ()), contested.get(product, ()), visit.today, months),
            *_commitment(signed.get(product), contested.get(product, ()), visit.today, months),
        ]
        for product in ids
    }


def _integration(
    steps: Sequence[Integration], contested: Collection[Service | None], day: date, months: int
) -> list[Word]:
    """The one that qualifies the product, else the last that was said of it."""
    said = [step for step in steps if step.service not in DATA_APIS]
    if not said:
        return []
    step = max(said, key=lambda one: (one.state is IntegrationState.QUALIFIED, one.effective_on))
    return [
        Word(
            f"{SERVICES[step.service]}\u00a0: {INTEGRATION_STATES[step.state]}",
            SOURCES[step.declared_by],
            step.effective_on,
            of_integration(step, contested),
            is_stale(step.said_on, day, months),
        )
    ]


def _commitment(
    read: CommitmentRead | None, contested: Collection[Service | None], day: date, months: int
) -> list[Word]:
    if read is None or read.state is CommitmentState.NONE:
        return []
    return [
        Word(
            f"engagement sans surcoût\u00a0: {COMMITMENT_STATES[read.state]}",
            SOURCES[read.row.declared_by],
            read.row.effective_on,
            of_commitment(read.row, contested),
            is_stale(read.row.effective_on, day, months),
        )
    ]
