"""What waits, the oldest first; each item leads to the page where it is settled."""

from collections.abc import Mapping
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from registry.domain import queue
from registry.domain.pages import Page, Recency, Slice
from registry.domain.queue import MEANINGS, Item, QueueKind, Waited
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.queries import Query, read_page
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

LIST = "/espace/ministere/file"
FILTERS = ("sorte", "de", "tri")
COLUMNS = ("kind", "waiting_for", "since", "sentence", "noun", "id")
WAITED: Mapping[str, str] = {
    Waited.MINISTRY: "le ministère",
    Waited.VENDOR: "l’éditeur",
    Waited.COLLECTIVITE: "la collectivité",
}
PLACES: Mapping[str, str] = {
    "SoftwareRequest": "/espace/ministere/logiciels-nommes/{id}",
    "Dispute": "/espace/ministere/contestations/{id}",
    "Integration": "/espace/ministere/integrations/{id}",
    "GrantClaim": "/espace/ministere/subventions/{id}",
    "Commitment": "/espace/ministere/engagements/{id}",
    "Product": "/espace/ministere/logiciels/{id}",
    "Vendor": "/espace/ministere/editeurs/{organisation}",
    "Collectivite": "/collectivites/{organisation}",
}


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(show)),
        *exports.routes(at, LIST, lambda format: for_ministry(partial(as_file, format))),
    ]


def address(item: Item) -> str:
    return PLACES[item.noun].format(id=item.subject_id, organisation=item.organisation)


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    query, found = await read_page(visit.database, query, partial(_page, visit, query))
    return visit.page(
        "spaces/ministry/queue.html",
        200 if found else 400,
        found=found,
        query=query,
        kinds=MEANINGS,
        address=address,
        waited=WAITED,
    )


async def as_file(format: Format, visit: Visit) -> Response:
    fetch = partial(_page, visit, Query.of(visit.request, FILTERS, paging=()))
    return await exports.export_private(
        visit, format, "file", exports.from_pages(COLUMNS, fetch, _record)
    )


async def _page(visit: Visit, query: Query, session: AsyncSession, page: Page) -> Slice[Item]:
    kinds = query.words("sorte", QueueKind) or (*QueueKind,)
    who, order = query.word("de", Waited), query.recency(Recency.OLDEST)
    if who is not None:
        kinds = tuple(kind for kind in queue.waiting_for(who) if kind in kinds)
    return await queue.listed(session, visit.actor, page, kinds, visit.today, order)


def _record(item: Item) -> Record:
    return {
        "kind": item.kind,
        "waiting_for": item.waiting_for,
        "since": item.since,
        "sentence": item.sentence,
        "noun": item.noun,
        "id": item.subject_id,
    }
