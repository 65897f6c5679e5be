"""What a collectivité contests: followed, withdrawn, reopened."""

from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Collectivite, DisputeState
from registry.domain.collectivites import heir_id
from registry.domain.disputes import reading
from registry.domain.disputes.reading import Holder
from registry.domain.errors import NotFound
from registry.domain.pages import Page, Slice
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.forms import EMPTY, Form
from registry.web.queries import Query, read_page
from registry.web.spaces import disputes
from registry.web.spaces.disputes import LABELS, Case
from registry.web.spaces.guards import as_town, for_town
from registry.web.visits import At, Visit

FILTERS = ("etat", "tri")
COLUMNS = ("vendor_siren", "product", "kind", "service", "state", "since", "statement")
LIST = "/espace/collectivites/{code}/contestations"


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_town(listed)),
        *exports.routes(at, LIST, lambda format: for_town(partial(as_file, format))),
        at(f"{LIST}/{{id:int}}", for_town(show)),
        at(f"{LIST}/{{id:int}}", for_town(move), "POST"),
    ]


async def listed(visit: Visit, town: Collectivite) -> Response:
    query = Query.of(visit.request, FILTERS)
    query, found = await read_page(visit.database, query, partial(_page, visit, town, query))
    return visit.page(
        "spaces/collectivites/disputes.html",
        200 if found else 400,
        town=town,
        found=found,
        query=query,
    )


async def as_file(format: Format, visit: Visit, town: Collectivite) -> Response:
    source = exports.from_pages(
        COLUMNS, partial(_page, visit, town, Query.of(visit.request, FILTERS, paging=())), _record
    )
    return await exports.export_private(visit, format, f"contestations-{town.code}", source)


async def _page(
    visit: Visit, town: Collectivite, query: Query, session: AsyncSession, page: Page
) -> Slice[Case]:
    actor, key = as_town(visit, town), town.recorded_id
    state, order = query.word("etat", DisputeState), query.recency()
    seen = await reading.seen_of(session, [key], actor, Holder.COLLECTIVITE, page, state, order)
    found = seen.get(key, Slice())
    return found.carrying(await disputes.told(session, found.rows))


def _record(case: Case) -> Record:
    return {
        "vendor_siren": case.vendor.siren,
        "product": case.product.slug,
        "kind": case.dispute.kind,
        "service": case.dispute.service,
        "state": case.last.state,
        "since": case.last.effective_on,
        "statement": case.dispute.statement,
    }


async def show(visit: Visit, town: Collectivite) -> Response:
    return await _shown(town, visit, EMPTY)


async def _shown(town: Collectivite, visit: Visit, form: Form) -> Response:
    actor = as_town(visit, town)
    async with visit.database.read() as session:
        case, possible = await disputes.read(session, actor, visit.number(), visit.today)
    if heir_id(case.town) != town.recorded_id:
        raise NotFound("dispute", "Aucune contestation de votre collectivité n’a cet identifiant.")
    return visit.page(
        "spaces/collectivites/dispute.html",
        town=town,
        case=case,
        options=possible,
        labels=LABELS,
        form=form,
    )


async def move(visit: Visit, town: Collectivite) -> Response:
    key = visit.number()
    to = f"/espace/collectivites/{town.code}/contestations/{key}"
    again: Callable[[Visit, Form], Awaitable[Response]] = partial(_shown, town)
    return await disputes.take(visit, key, to=to, again=again)
