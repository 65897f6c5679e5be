"""The shortest way to the targets: drawn up when it is asked for, as it takes its time."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Vendor
from registry.auth.prices import PLAN
from registry.domain import vendors
from registry.domain.errors import InvalidInput
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.plan import Plan, PlanStep, Wishes, draw_up
from registry.domain.rollout.scope import Scope
from registry.domain.words import STRATA
from registry.exchange.lists import Format, Record
from registry.web import kept
from registry.web.exports import export, from_rows
from registry.web.queries import Query
from registry.web.rollout import choices
from registry.web.rollout.blockers import GROUPINGS, SPOKEN, grouping, spoken
from registry.web.rollout.coverage import EVERY
from registry.web.rollout.scopes import asked
from registry.web.visits import Visit

TIME_LIMIT = 8.0
"""Seconds, as at the other door."""
EXCLUDED, PROMISED, AT_MOST, DRAWN = "sauf", "promis", "auplus", "calculer"
NOT_DRAWN = "Le plan n’est calculé que s’il est demandé : ajouter « calculer=oui » à l’adresse."
NAMED = ("vendor_siren", "vendor_name", "slug", "product_name")
FIGURES = ("rank", "gap_closed", "gap_left", "unlocked", "unlocked_alone", "unlocked_cumulated")
COLUMNS = (*FIGURES, *NAMED, "products", "undeclared_products", *SPOKEN)


@dataclass(frozen=True, slots=True)
class Told:
    """A step, and the address of the plan without whom it is about."""

    step: PlanStep
    without: str


async def show(visit: Visit) -> Response:
    wanted = await asked(visit)
    async with visit.database.read() as session:
        wishes = await _wishes(session, wanted.query)
        named = await choices.named(session, wishes.excluded, wishes.promised)
    blocking = await choices.blocking(visit, wanted.scope)
    found, steps, owners = None, list[Told](), dict[int, Vendor]()
    if wanted.query.flag(DRAWN):
        found = await _drawn(visit, wanted.scope, wishes)
        steps = _steps(wanted.query, found)
        owners = await _owners(visit, found)
    return visit.page(
        "rollout/plan.html",
        asked=wanted,
        blocking=blocking,
        by=wishes.by,
        groupings=GROUPINGS,
        excluded=named[wishes.excluded],
        promised=named[wishes.promised],
        at_most=wishes.at_most,
        plan=found,
        steps=steps,
        vendors=owners,
        strata=STRATA,
        every=EVERY,
    )


async def file(format: Format, visit: Visit) -> Response:
    """The steps."""
    wanted = await asked(visit)
    if not wanted.query.flag(DRAWN):
        raise InvalidInput(DRAWN, NOT_DRAWN)
    async with visit.database.read() as session:
        wishes = await _wishes(session, wanted.query)
    found = await _drawn(visit, wanted.scope, wishes)
    owners = await _owners(visit, found)

    async def drawn(_: AsyncSession) -> list[Record]:
        return [_record(step, owners[step.candidate.vendor_id]) for step in found.steps]

    return await export(visit, format, "plan", from_rows(COLUMNS, drawn))


def _record(step: PlanStep, vendor: Vendor) -> Record:
    products = {f"{part.vendor_siren}/{part.slug}": part.declared_on for part in step.products}
    return {
        **{column: getattr(step.candidate, column) for column in NAMED},
        **{column: getattr(step, column) for column in FIGURES},
        "products": [*products],
        "undeclared_products": [key for key, day in products.items() if day is None],
        **spoken(vendor),
    }


async def _owners(visit: Visit, found: Plan) -> dict[int, Vendor]:
    async with visit.database.read() as session:
        return await vendors.by_ids(session, [step.candidate.vendor_id for step in found.steps])


async def _drawn(visit: Visit, scope: Scope, wishes: Wishes) -> Plan:
    """Kept where it is the best: a hurried one may be bettered."""

    async def make() -> Plan:
        visit.spend(PLAN.of(scope))
        return await draw_up(visit.database.read, scope, wishes, time_limit=TIME_LIMIT)

    return await kept.kept(visit, ("plan", scope, wishes), make, lambda plan: plan.optimal)


async def _wishes(session: AsyncSession, query: Query) -> Wishes:
    return Wishes(
        grouping(query, Grouping.VENDOR),
        await choices.read(session, query.all(EXCLUDED), "excluded"),
        await choices.read(session, query.all(PROMISED), "promised"),
        query.integer(AT_MOST),
    )


def _steps(query: Query, found: Plan) -> list[Told]:
    excluded = query.all(EXCLUDED)
    return [Told(step, query.link(sauf=[*excluded, _key(step)])) for step in found.steps]


def _key(step: PlanStep) -> str:
    candidate = step.candidate
    siren = candidate.vendor_siren
    return f"{siren}/{candidate.slug}" if candidate.slug else siren
