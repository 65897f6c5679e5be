"""Claims of the lump sum as the ministry decides them."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import GrantClaimState
from registry.domain import grants as domain
from registry.domain.pages import Page, Slice
from registry.exchange.lists import Format, Record
from registry.exchange.tables import NAME
from registry.web import exports
from registry.web.forms import Form
from registry.web.queries import Query, read_page
from registry.web.spaces import grants
from registry.web.spaces.grants import Claim
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

LIST = "/espace/ministere/subventions"
FILTERS = ("etat", "tri")
COLUMNS = ("id", "collectivite", NAME, "amount_cents", "state", "since")


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
        "spaces/ministry/grants.html",
        200 if found else 400,
        found=found,
        query=query,
    )


async def as_file(format: Format, visit: Visit) -> Response:
    fetch = partial(_page, visit, Query.of(visit.request, FILTERS, paging=()))
    return await exports.export_private(
        visit, format, "subventions", exports.from_pages(COLUMNS, fetch, _record)
    )


async def _page(visit: Visit, query: Query, session: AsyncSession, page: Page) -> Slice[Claim]:
    state, order = query.word("etat", GrantClaimState), query.recency()
    found = await domain.listed(session, visit.actor, page, state, order)
    return found.carrying(await grants.told(session, found.rows))


def _record(claim: Claim) -> Record:
    return {
        "id": claim.row.id,
        "collectivite": claim.town.code,
        NAME: claim.town.name,
        "amount_cents": claim.row.amount_cents,
        "state": claim.last.state,
        "since": claim.last.effective_on,
    }


async def show(visit: Visit) -> Response:
    return await _shown(visit, None)


async def _shown(visit: Visit, form: Form | None) -> Response:
    async with visit.database.read() as session:
        claim, choices = await grants.read(session, visit.actor, visit.number())
        connected = await grants.is_connected(session, claim, visit)
    if not connected:
        choices = [choice for choice in choices if choice[0] != GrantClaimState.ACCEPTED]
    return visit.page(
        "spaces/ministry/grant.html",
        claim=claim,
        choices=choices,
        connected=connected,
        form=form or grants.blank(choices),
    )


async def move(visit: Visit) -> Response:
    key = visit.number()
    return await grants.take(visit, key, to=f"{LIST}/{key}", again=_shown)
