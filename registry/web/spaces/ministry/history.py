"""The ledger as the ministry audits it: the last entries, and the history of any record."""

from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from registry.domain import collectivites, history, products, vendors
from registry.domain.errors import NotFound
from registry.domain.history import Entry, Line
from registry.domain.identifiers import compact, is_siren
from registry.domain.pages import Page, Slice
from registry.web import twins
from registry.web.queries import Query, tried
from registry.web.spaces.guards import for_ministry
from registry.web.spaces.ministry.words import ACTIONS, FIELDS, NOUNS, STATES, value
from registry.web.twins import Record
from registry.web.visits import PRIVATE, At, Visit

LIST = "/espace/ministere/journal"
ONE = f"{LIST}/{{noun}}/{{id:int}}"
COLUMNS = (
    "seq", "recordedAt", "noun", "action", "declaredBy", "organisation", "organisationName",
    "effectiveOn", "from", "to", "reason", "evidenceUrl", "changes",
)  # fmt: skip
SAID: dict[str, Any] = {
    "nouns": NOUNS, "actions": ACTIONS, "fields": FIELDS, "states": STATES, "value": value,
}  # fmt: skip


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(latest)),
        at(f"{LIST}/recherche", for_ministry(find)),
        *twins.routes(at, LIST, lambda kind: for_ministry(partial(latest_file, kind))),
        *twins.routes(at, ONE, lambda kind: for_ministry(partial(one_file, kind))),
        at(ONE, for_ministry(show)),
    ]


async def latest(visit: Visit) -> Response:
    query = Query.of(visit.request)
    query, found = await tried(query, _latest(visit, query, query.page()))
    return visit.page(
        "spaces/ministry/ledger.html",
        200 if found else 400,
        found=found,
        query=query,
        **SAID,
    )


async def latest_file(kind: str, visit: Visit) -> Response:
    fetch = partial(_latest, visit, Query.of(visit.request))
    parts = await twins.every(fetch, lambda line: _record(line.entry))
    return twins.twin(kind, "journal", COLUMNS, parts)


async def _latest(visit: Visit, query: Query, page: Page) -> Slice[Line]:
    noun, organisation = query.get("objet"), query.get("organisation")
    async with visit.database.read() as session:
        return await history.latest(session, visit.actor, page, noun, organisation, query.recency())


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request)
    query, found = await tried(query, _page(visit, query, query.page()))
    noun = visit.request.path_params["noun"]
    return visit.page(
        "spaces/ministry/history.html",
        200 if found else 400,
        found=found,
        query=query,
        noun=noun,
        **SAID,
    )


async def one_file(kind: str, visit: Visit) -> Response:
    name = f"{visit.request.path_params['noun']}-{visit.number()}"
    fetch = partial(_page, visit, Query.of(visit.request))
    return twins.twin(kind, name, COLUMNS, await twins.every(fetch, _record))


async def _page(visit: Visit, query: Query, page: Page) -> Slice[Entry]:
    noun, key = visit.request.path_params["noun"], visit.number()
    if noun not in history.SUBJECTS:
        raise NotFound("noun", "Le journal ne tient pas d’histoire de ce nom.")
    async with visit.database.read() as session:
        return await history.page(session, noun, key, page, query.recency())


def _record(entry: Entry) -> Record:
    return {
        "seq": entry.seq,
        "recordedAt": entry.recorded_at.isoformat(),
        "noun": entry.noun,
        "action": entry.action,
        "declaredBy": entry.declared_by,
        "organisation": entry.organisation,
        "organisationName": entry.organisation_name,
        "effectiveOn": entry.effective_on,
        "from": entry.was,
        "to": entry.became,
        "reason": entry.reason,
        "evidenceUrl": entry.evidence_url,
        "changes": [
            f"{change.field} : {change.before or ''} → {change.after or ''}"
            for change in entry.changes
        ],
    }


async def find(visit: Visit) -> Response:
    """From a key, as people write it, to the history of what it means."""
    key = compact(Query.of(visit.request).get("cle") or "")
    if not key:
        return RedirectResponse(LIST, 303, PRIVATE)
    async with visit.database.read() as session:
        noun, found = await _meant(session, key)
    return RedirectResponse(f"{LIST}/{noun}/{found}", 303, PRIVATE)


async def _meant(session: AsyncSession, key: str) -> tuple[str, int]:
    if "/" in key:
        siren, _, slug = key.partition("/")
        return "product", (await products.named(session, siren, slug)).recorded_id
    vendor = await vendors.by_siren(session, key) if is_siren(key) else None
    if vendor is not None:
        return "vendor", vendor.recorded_id
    return "collectivite", (await collectivites.named(session, "cle", key)).recorded_id
