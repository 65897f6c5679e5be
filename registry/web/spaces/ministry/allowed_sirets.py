"""The establishments whose agents act for the ministry."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import AllowedSiret
from registry.domain import allowed_sirets
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.queries import Query, read_page
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

LIST = "/espace/ministere/etablissements"
FILTERS = ("retires", "tri")
COLUMNS = ("siret", "label", "created_at", "removed_at")


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_ministry(listed)),
        *exports.routes(at, LIST, lambda format: for_ministry(partial(as_file, format))),
        at(LIST, for_ministry(allow), "POST"),
        at(f"{LIST}/retrait", for_ministry(disallow), "POST"),
    ]


async def listed(visit: Visit) -> Response:
    return await _listed(visit, EMPTY)


async def _listed(visit: Visit, form: Form) -> Response:
    query = Query.of(visit.request, FILTERS, LIST)
    query, found = await read_page(visit.database, query, partial(_page, visit, query))
    return visit.page(
        "spaces/ministry/allowed_sirets.html",
        200 if found else 400,
        query=query,
        found=found,
        form=form,
    )


async def as_file(format: Format, visit: Visit) -> Response:
    fetch = partial(_page, visit, Query.of(visit.request, FILTERS, paging=()))
    return await exports.export_private(
        visit, format, "etablissements", exports.from_pages(COLUMNS, fetch, _record)
    )


async def _page(
    visit: Visit, query: Query, session: AsyncSession, page: Page
) -> Slice[AllowedSiret]:
    order, removed = query.recency(), query.flag("retires") or False
    return await allowed_sirets.listed(session, visit.actor, page, order, removed=removed)


def _record(row: AllowedSiret) -> Record:
    return {
        "siret": row.siret,
        "label": row.label,
        "created_at": row.created_at,
        "removed_at": row.removed_at,
    }


async def allow(visit: Visit) -> Response:
    form = await posted(visit)
    siret, label = form.required("siret"), form.required("label")

    async def work(session: AsyncSession, _: Said) -> AllowedSiret:
        return await allowed_sirets.allow(session, visit.actor, siret, label)

    done = "Les agents de cet établissement agissent pour le ministère."
    return await sent(visit, form, work, to=LIST, said=done, again=_listed)


async def disallow(visit: Visit) -> Response:
    form = await posted(visit)

    async def work(session: AsyncSession, _: Said) -> AllowedSiret:
        return await allowed_sirets.disallow(session, visit.actor, form.get("removed"))

    done = "Les agents de cet établissement n’agissent plus pour le ministère."
    return await sent(visit, form, work, to=LIST, said=done, again=_listed)
