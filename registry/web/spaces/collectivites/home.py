"""Where a collectivité stands, what waits for it, and where it does each thing."""

from starlette.responses import Response
from starlette.routing import Route

from models import Collectivite
from registry.domain import grants, software_requests, tasks
from registry.domain.disputes import reading
from registry.domain.disputes.reading import Holder
from registry.domain.pages import Page
from registry.domain.rollout import answer, readiness
from registry.domain.tasks import Task, TaskKind
from registry.web.collectivites.finding import confirmable, in_use
from registry.web.spaces.disputes import told
from registry.web.spaces.guards import as_town, for_town
from registry.web.visits import At, Visit

FEW = Page(first=5)


def routes(at: At) -> list[Route]:
    return [at("/espace/collectivites/{code}", for_town(show))]


async def show(visit: Visit, town: Collectivite) -> Response:
    actor, key = as_town(visit, town), town.recorded_id
    months = visit.door.settings.stale_after_months
    async with visit.database.read() as session:
        found = await answer.of_body(session, actor, town, visit.today)
        standing = (await readiness.standings(session, [key])).get(key)
        products = await in_use(session, found, visit.today)
        waiting = await tasks.listed(session, actor, visit.today, months)
        named = await software_requests.of_collectivite(session, actor, key)
        seen = await reading.seen_of(session, [key], actor, Holder.COLLECTIVITE, FEW)
        cases = await told(session, seen[key].rows if key in seen else ())
        claimed = await grants.seen_of_collectivites(session, [key], actor, FEW)
        claims = claimed[key].rows if key in claimed else ()
        steps = await grants.steps(session, [claim.recorded_id for claim in claims])
    return visit.page(
        "spaces/collectivites/home.html",
        town=town,
        answer=found,
        standing=standing,
        products=products,
        confirmable=confirmable(actor, found),
        tasks=[
            (task, _address(town, task)) for task in waiting if task.kind is not TaskKind.NEXT_STEP
        ],
        named=named,
        cases=cases,
        claims=[(claim, steps[claim.recorded_id][-1]) for claim in claims],
    )


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
