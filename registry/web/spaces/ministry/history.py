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
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.queries import Query, read_page
from registry.web.spaces.guards import for_ministry
from registry.web.spaces.ministry.words import ACTIONS, FIELDS, NOUNS, STATES, value
from registry.web.visits import PRIVATE, At, Visit

LIST = "/espace/ministere/journal"
ONE = f"{LIST}/{{noun}}/{{id:int}}"
FILTERS = ("objet", "organisation", "tri")
COLUMNS = (
    "seq", "recorded_at", "noun", "action", "declared_by", "organisation", "organisation_name",
    "effective_on", "from", "to", "reason", "evidence_url", "changes",
)  # fmt: skip
SAID: dict[str, Any] = {
    "nouns": NOUNS, "actions": ACTIONS, "fields": FIELDS, "states": STATES, "value": value,
}  # fmt: skip


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(latest)),
        at(f"{LIST}/recherche", for_ministry(find)),
        *exports.routes(at, LIST, lambda format: for_ministry(partial(latest_file, format))),
        *exports.routes(at, ONE, lambda format: for_ministry(partial(one_file, format))),
        at(ONE, for_ministry(show)),
    ]


async def latest(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    query, found = await read_page(visit.database, query, partial(_latest, visit, query))
    return visit.page(
        "spaces/ministry/ledger.html",
        200 if found else 400,
        found=found,
        query=query,
        **SAID,
    )


async def latest_file(format: Format, visit: Visit) -> Response:
    fetch = partial(_latest, visit, Query.of(visit.request, FILTERS, paging=()))
    source = exports.from_pages(COLUMNS, fetch, lambda line: _record(line.entry))
    return await exports.export_private(visit, format, "journal", source)


async def _latest(visit: Visit, query: Query, session: AsyncSession, page: Page) -> Slice[Line]:
    noun, organisation = query.get("objet"), query.get("organisation")
    return await history.latest(session, visit.actor, page, noun, organisation, query.recency())


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request, ("tri",))
    query, found = await read_page(visit.database, query, partial(_page, visit, query))
    noun = visit.request.path_params["noun"]
    return visit.page(
        "spaces/ministry/history.html",
        200 if found else 400,
        found=found,
        query=query,
        noun=noun,
        **SAID,
    )


async def one_file(format: Format, visit: Visit) -> Response:
    name = f"{visit.request.path_params['noun']}-{visit.number()}"
    fetch = partial(_page, visit, Query.of(visit.request, ("tri",), paging=()))
    return await exports.export_private(
        visit, format, name, exports.from_pages(COLUMNS, fetch, _record)
    )


async def _page(visit: Visit, query: Query, session: AsyncSession, page: Page) -> Slice[Entry]:
    noun, key = visit.request.path_params["noun"], visit.number()
    if noun not in history.SUBJECTS:
        raise NotFound("noun", "Le journal ne tient pas d’histoire de ce nom.")
    return await history.page(session, noun, key, page, query.recency())


def _record(entry: Entry) -> Record:
    return {
        "seq": entry.seq,
        "recorded_at": entry.recorded_at.isoformat(),
        "noun": entry.noun,
        "action": entry.action,
        "declared_by": entry.declared_by,
        "organisation": entry.organisation,
        "organisation_name": entry.organisation_name,
        "effective_on": entry.effective_on,
        "from": entry.was,
        "to": entry.became,
        "reason": entry.reason,
        "evidence_url": entry.evidence_url,
        "changes": [
            f"{change.field} : {change.before or ''} → {change.after or ''}"
            for change in entry.changes
        ],
    }


async def find(visit: Visit) -> Response:
    """From a key, as people write it, to the history of what it means."""
    key = compact(Query.of(visit.request, ("cle",), paging=()).get("cle") or "")
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
