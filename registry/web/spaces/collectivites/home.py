"""Where a collectivité stands, what waits for it, and where it does each thing."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import DATA_APIS, Collectivite, Integration, IntegrationState, Source
from registry.domain import freshness, grants, integrations, software_requests, tasks
from registry.domain.disputes import reading
from registry.domain.disputes.reading import Holder
from registry.domain.levels import ShownLevel, of_integration
from registry.domain.pages import Page
from registry.domain.rollout import answer
from registry.domain.rollout.answer import Use
from registry.domain.tasks import Task, TaskKind
from registry.web.spaces.disputes import told
from registry.web.spaces.guards import as_town, for_town
from registry.web.visits import At, Visit

FEW = Page(first=5)
NAMED = Page(first=50)


class Word(NamedTuple):
    """What stands of signing in with a product: ``silent`` where its vendor never said anything."""

    step: Integration | None
    level: ShownLevel | None
    silent: bool


def routes(at: At) -> list[Route]:
    return [at("/espace/collectivites/{code}", for_town(show))]


async def show(visit: Visit, town: Collectivite) -> Response:
    actor, key = as_town(visit, town), town.recorded_id
    months = visit.door.settings.stale_after_months
    async with visit.database.read() as session:
        found = await answer.of_collectivite(session, town.code or "")
        words = await _words(session, found.uses)
        waiting = await tasks.listed(session, actor, visit.today, months)
        named = await software_requests.listed(session, actor, NAMED)
        seen = await reading.seen_of(session, [key], actor, Holder.COLLECTIVITE, FEW)
        cases = await told(session, seen[key].rows if key in seen else ())
        claimed = await grants.seen_of_collectivites(session, [key], actor, FEW)
        claims = claimed[key].rows if key in claimed else ()
        steps = await grants.steps(session, [claim.recorded_id for claim in claims])
    return visit.page(
        "spaces/collectivites/home.html",
        town=town,
        answer=found,
        words=words,
        tasks=[
            (task, _address(town, task)) for task in waiting if task.kind is not TaskKind.NEXT_STEP
        ],
        named=named.rows,
        cases=cases,
        claims=[(claim, steps[claim.recorded_id][-1]) for claim in claims],
        stale=partial(_stale, visit, months),
    )


async def _words(session: AsyncSession, uses: Sequence[Use]) -> dict[int, Word]:
    ids = sorted({use.deployment.product_id for use in uses})
    steps = await integrations.history_of_products(session, ids)
    contested = await reading.contested(session, ids)
    found = {}
    for key in ids:
        said = _sign_in(steps.get(key, ()))
        level = of_integration(said, contested.get(key, ())) if said else None
        found[key] = Word(said, level, _is_silent(steps.get(key, ())))
    return found


def _sign_in(steps: Sequence[Integration]) -> Integration | None:
    """The one that is qualified before any other, then the latest."""
    present = [
        step
        for step in steps
        if step.effective_until is None
        and step.service not in DATA_APIS
        and step.state is not IntegrationState.NONE
    ]
    qualified = IntegrationState.QUALIFIED
    return max(present, key=lambda step: (step.state is qualified, step.effective_on), default=None)


def _is_silent(steps: Sequence[Integration]) -> bool:
    return all(step.declared_by not in (Source.VENDOR, Source.DATAPASS) for step in steps)


def _stale(visit: Visit, months: int, said_on: date) -> bool:
    return freshness.is_stale(said_on, visit.today, months)


def _address(town: Collectivite, task: Task) -> str:
    """Where the task is done."""
    space = f"/espace/collectivites/{town.code}"
    match task.noun:
        case "Dispute":
            return f"{space}/contestations/{task.subject_id}"
        case "GrantClaim":
            return f"{space}/subventions/{task.subject_id}"
        case _:
            return f"/collectivites/{town.code}"
