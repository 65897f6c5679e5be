"""Disputes as the ministry examines them: the right of reply comes before any upholding."""

from functools import partial

from starlette.responses import Response
from starlette.routing import Route

from models import DisputeState
from registry.domain.disputes import reading
from registry.domain.pages import Page, Slice
from registry.web import twins
from registry.web.forms import EMPTY, Form
from registry.web.queries import Query, tried
from registry.web.spaces import disputes
from registry.web.spaces.disputes import LABELS, Case
from registry.web.spaces.guards import for_ministry
from registry.web.twins import Record
from registry.web.visits import At, Visit

LIST = "/espace/ministere/contestations"
COLUMNS = (
    "id", "collectivite", "vendorSiren", "product", "kind", "service", "amountCents", "state",
    "since",
)  # fmt: skip


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(listed)),
        *twins.routes(at, LIST, lambda kind: for_ministry(partial(as_file, kind))),
        at(f"{LIST}/{{id:int}}", for_ministry(show)),
        at(f"{LIST}/{{id:int}}", for_ministry(move), "POST"),
    ]


async def listed(visit: Visit) -> Response:
    query = Query.of(visit.request)
    query, found = await tried(query, _page(visit, query, query.page()))
    return visit.page(
        "spaces/ministry/disputes.html",
        200 if found else 400,
        found=found,
        query=query,
    )


async def as_file(kind: str, visit: Visit) -> Response:
    fetch = partial(_page, visit, Query.of(visit.request))
    return twins.twin(kind, "contestations", COLUMNS, await twins.every(fetch, _record))


async def _page(visit: Visit, query: Query, page: Page) -> Slice[Case]:
    state, order = query.word("etat", DisputeState), query.recency()
    async with visit.database.read() as session:
        found = await reading.listed(session, visit.actor, page, state, order)
        return found.carrying(await disputes.told(session, found.rows))


def _record(case: Case) -> Record:
    return {
        "id": case.dispute.id,
        "collectivite": case.town.code,
        "vendorSiren": case.vendor.siren,
        "product": case.product.slug,
        "kind": case.dispute.kind,
        "service": case.dispute.service,
        "amountCents": case.dispute.amount_cents,
        "state": case.last.state,
        "since": case.last.effective_on,
    }


async def show(visit: Visit) -> Response:
    return await _shown(visit, EMPTY)


async def _shown(visit: Visit, form: Form) -> Response:
    async with visit.database.read() as session:
        case, possible = await disputes.read(session, visit.actor, visit.number(), visit.today)
    return visit.page(
        "spaces/ministry/dispute.html",
        case=case,
        options=possible,
        labels=LABELS,
        form=form,
    )


async def move(visit: Visit) -> Response:
    key = visit.number()
    return await disputes.take(visit, key, to=f"{LIST}/{key}", again=_shown)
