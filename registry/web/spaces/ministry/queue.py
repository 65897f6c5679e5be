"""What waits, the oldest first; each item leads to the page where it is settled."""

from collections.abc import Mapping
from functools import partial

from starlette.responses import Response
from starlette.routing import Route

from registry.domain import queue
from registry.domain.pages import Page, Slice
from registry.domain.queue import MEANINGS, Item, QueueKind, Waited
from registry.web import twins
from registry.web.forms import Form
from registry.web.queries import Query
from registry.web.spaces.guards import for_ministry
from registry.web.twins import Record
from registry.web.visits import At, Visit

LIST = "/espace/ministere/file"
COLUMNS = ("kind", "waitingFor", "since", "sentence", "noun", "id")
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
}


def routes(at: At) -> list[Route]:
    files = [at(f"{LIST}.{kind}", for_ministry(partial(as_file, kind))) for kind in twins.KINDS]
    return [at(LIST, for_ministry(show)), *files]


def address(item: Item) -> str:
    return PLACES[item.noun].format(id=item.subject_id)


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request)
    kinds = query.words("sorte", QueueKind)
    async with visit.database.read() as session:
        found = await queue.listed(session, visit.actor, query.page(), kinds or None, visit.today)
    return visit.page(
        "spaces/ministry/queue.html",
        found=found,
        query=query,
        form=Form.of(sorte=kinds),
        kinds=[*MEANINGS.items()],
        address=address,
        waited=WAITED,
    )


async def as_file(kind: str, visit: Visit) -> Response:
    kinds = Query.of(visit.request).words("sorte", QueueKind)

    async def fetch(page: Page) -> Slice[Record]:
        async with visit.database.read() as session:
            found = await queue.listed(session, visit.actor, page, kinds or None, visit.today)
        return Slice(tuple(map(_record, found.rows)), found.cursors, found.has_next)

    return twins.twin(kind, "file", COLUMNS, await twins.every(fetch))


def _record(item: Item) -> Record:
    return {
        "kind": item.kind,
        "waitingFor": item.waiting_for,
        "since": item.since,
        "sentence": item.sentence,
        "noun": item.noun,
        "id": item.subject_id,
    }
