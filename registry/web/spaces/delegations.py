"""Who of another organisation may act for one's own: seen by its members alone."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Delegation
from registry.domain import delegations
from registry.domain.pages import Page, Slice
from registry.exchange.lists import Format, Record
from registry.web.exports import export_private, from_pages
from registry.web.queries import Query
from registry.web.visits import Visit

FILTERS = ("finies", "tri")
COLUMNS = ("id", "email", "delegate_siren", "created_at", "ended_at")


async def listed(
    visit: Visit, query: Query, session: AsyncSession, page: Page
) -> Slice[Delegation]:
    order, ended = query.recency(), query.flag("finies") or False
    return await delegations.of_organisation(session, visit.actor, page, order, ended=ended)


async def as_file(format: Format, visit: Visit) -> Response:
    fetch = partial(listed, visit, Query.of(visit.request, FILTERS, paging=()))
    return await export_private(visit, format, "delegues", from_pages(COLUMNS, fetch, _record))


def _record(row: Delegation) -> Record:
    return {
        "id": row.id,
        "email": row.email,
        "delegate_siren": row.delegate_siren,
        "created_at": row.created_at,
        "ended_at": row.ended_at,
    }
