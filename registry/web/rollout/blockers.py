"""Which software blocks the rollout, the most blocking first."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import DATA_APIS, CommitmentState, Integration, IntegrationState, Service, Vendor
from registry.auth.prices import BLOCKERS
from registry.domain import commitments, integrations, vendors
from registry.domain.disputes import reading as disputes
from registry.domain.levels import ShownLevel, of_commitment, of_integration
from registry.domain.rollout.blockers import Blocker, Blockers, Grouping, rank_blockers
from registry.domain.rollout.verdicts import Verdict
from registry.domain.transitions import CommitmentRead
from registry.domain.words import COMMITMENT_STATES, INTEGRATION_STATES, SERVICES
from registry.exchange.lists import Format, Record
from registry.web.exports import export, from_rows
from registry.web.queries import AFTER, PAGE, Query
from registry.web.rollout.scopes import asked
from registry.web.visits import Visit

BY = "par"
GROUPINGS = {Grouping.PRODUCT: "par logiciel", Grouping.VENDOR: "par éditeur"}
PRICED = (Verdict.SURCHARGE, Verdict.COST_UNKNOWN)
"""What stands on the commitment too, and not on the integration alone."""
RANKED = (
    *("rank", "vendor_siren", "vendor_name", "slug", "product_name", "verdict", "blocked"),
    *("blocked_alone", "population", "connected_clients", "declared_on"),
)
SPOKEN = ("statement", "statement_on")
COLUMNS = (*RANKED, "undeclared", *SPOKEN)
"""``undeclared``: the vendor said nothing of any integration; ``statement``: what it says of it
all.
"""


class Ground(NamedTuple):
    """What was said of a product, of what, and how well founded it is."""

    about: str
    state: str
    said: Integration | CommitmentRead
    level: ShownLevel


async def show(visit: Visit) -> Response:
    wanted = await asked(visit)
    visit.spend(BLOCKERS.of(wanted.scope))
    async with visit.database.read() as session:
        by, start = grouping(wanted.query, Grouping.PRODUCT), wanted.query.integer(AFTER) or 0
        found = await rank_blockers(session, wanted.scope, by, first=PAGE, after_rank=start)
        owners = await vendors.by_ids(session, [row.vendor_id for row in found.rows])
        grounds = await _grounds(session, found)
    return visit.page(
        "rollout/blockers.html",
        asked=wanted,
        by=by,
        groupings=GROUPINGS,
        found=found,
        vendors=owners,
        grounds=grounds,
        pages=_pages(wanted.query, start, found.total),
    )


async def file(format: Format, visit: Visit) -> Response:
    """The ranking as it was at once, whole."""
    wanted = await asked(visit)
    by = grouping(wanted.query, Grouping.PRODUCT)

    async def read(session: AsyncSession) -> list[Record]:
        found = await rank_blockers(session, wanted.scope, by)
        owners = await vendors.by_ids(session, [row.vendor_id for row in found.rows])
        return [_record(row, owners[row.vendor_id]) for row in found.rows]

    return await export(
        visit, format, "blocages", from_rows(COLUMNS, read), BLOCKERS.of(wanted.scope)
    )


def _record(row: Blocker, vendor: Vendor) -> Record:
    ranked = {column: getattr(row, column) for column in RANKED}
    return {**ranked, "undeclared": row.declared_on is None, **spoken(vendor)}


def spoken(vendor: Vendor) -> Record:
    """What a vendor wants read wherever it is named as blocking."""
    return {column: getattr(vendor, column) for column in SPOKEN}


def grouping(query: Query, default: Grouping) -> Grouping:
    return query.word(BY, Grouping) or default


def _pages(query: Query, start: int, total: int) -> tuple[str | None, str | None]:
    before, after = max(0, start - PAGE), start + PAGE
    return (
        query.link(**{AFTER: str(before) if before else None}) if start else None,
        query.link(**{AFTER: str(after)}) if after < total else None,
    )


async def _grounds(session: AsyncSession, found: Blockers) -> Mapping[int, Sequence[Ground]]:
    """On what each product's verdict stands."""
    ids = [row.product_id for row in found.rows if row.product_id is not None]
    if not ids:
        return {}
    steps = await integrations.current_of_products(session, ids, found.as_of)
    priced = [row.product_id for row in found.rows if row.verdict in PRICED and row.product_id]
    signed = await commitments.applying(session, priced, found.as_of)
    contested = await disputes.contested(session, ids)
    return {
        product: [
            *_integration(steps.get(product, ()), contested.get(product, ())),
            *_commitment(signed.get(product), contested.get(product, ())),
        ]
        for product in ids
    }


def _integration(
    steps: Sequence[Integration], contested: Collection[Service | None]
) -> list[Ground]:
    """The one that qualifies the product, else the last that was said of it."""
    said = [step for step in steps if step.service not in DATA_APIS]
    if not said:
        return []
    step = max(said, key=lambda one: (one.state is IntegrationState.QUALIFIED, one.effective_on))
    return [
        Ground(
            SERVICES[step.service],
            INTEGRATION_STATES[step.state],
            step,
            of_integration(step, contested),
        )
    ]


def _commitment(read: CommitmentRead | None, contested: Collection[Service | None]) -> list[Ground]:
    if read is None or read.state is CommitmentState.NONE:
        return []
    return [
        Ground(
            "engagement sans surcoût",
            COMMITMENT_STATES[read.state],
            read,
            of_commitment(read.row, contested),
        )
    ]
