"""Who of another organisation may act for one's own: seen by its members alone."""

from functools import partial

from starlette.responses import Response

from models import Delegation
from registry.domain import delegations
from registry.domain.pages import Page, Slice
from registry.web.queries import Query
from registry.web.twins import Record, every, twin
from registry.web.visits import Visit

COLUMNS = ("id", "email", "delegateSiren", "createdAt", "endedAt")


async def listed(visit: Visit, query: Query, page: Page) -> Slice[Delegation]:
    order, ended = query.recency(), query.flag("finies") or False
    async with visit.database.read() as session:
        return await delegations.of_organisation(session, visit.actor, page, order, ended=ended)


async def as_file(kind: str, visit: Visit) -> Response:
    fetch = partial(listed, visit, Query.of(visit.request))
    return twin(kind, "delegues", COLUMNS, await every(fetch, _record))


def _record(row: Delegation) -> Record:
    return {
        "id": row.id,
        "email": row.email,
        "delegateSiren": row.delegate_siren,
        "createdAt": row.created_at,
        "endedAt": row.ended_at,
    }
