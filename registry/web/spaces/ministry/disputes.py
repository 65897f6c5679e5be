"""Disputes as the ministry examines them: the right of reply comes before any upholding."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import DisputeState
from registry.domain.disputes import reading
from registry.domain.pages import Page, Slice
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.forms import EMPTY, Form
from registry.web.queries import Query, read_page
from registry.web.spaces import disputes
from registry.web.spaces.disputes import LABELS, Case
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

LIST = "/espace/ministere/contestations"
FILTERS = ("etat", "tri")
COLUMNS = (
    "id", "collectivite", "vendor_siren", "product", "kind", "service", "amount_cents", "state",
    "since",
)  # fmt: skip


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(listed)),
        *exports.routes(at, LIST, lambda format: for_ministry(partial(as_file, format))),
        at(f"{LIST}/{{id:int}}", for_ministry(show)),
        at(f"{LIST}/{{id:int}}", for_ministry(move), "POST"),
    ]


async def listed(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    query, found = await read_page(visit.database, query, partial(_page, visit, query))
    return visit.page(
        "spaces/ministry/disputes.html",
        200 if found else 400,
        found=found,
        query=query,
    )


async def as_file(format: Format, visit: Visit) -> Response:
    fetch = partial(_page, visit, Query.of(visit.request, FILTERS, paging=()))
    return await exports.export_private(
        visit, format, "contestations", exports.from_pages(COLUMNS, fetch, _record)
    )


async def _page(visit: Visit, query: Query, session: AsyncSession, page: Page) -> Slice[Case]:
    state, order = query.word("etat", DisputeState), query.recency()
    found = await reading.listed(session, visit.actor, page, state, order)
    return found.carrying(await disputes.told(session, found.rows))


def _record(case: Case) -> Record:
    return {
        "id": case.dispute.id,
        "collectivite": case.town.code,
        "vendor_siren": case.vendor.siren,
        "product": case.product.slug,
        "kind": case.dispute.kind,
        "service": case.dispute.service,
        "amount_cents": case.dispute.amount_cents,
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
