"""The lump sum that a collectivité claims."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import Collectivite, GrantClaim, GrantClaimState
from registry.domain import campaigns
from registry.domain import grants as domain
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.domain.rollout import readiness
from registry.exchange.lists import Format, Record
from registry.web import exports
from registry.web.forms import EMPTY, Form, posted, sent
from registry.web.queries import Query, read_page
from registry.web.spaces import grants
from registry.web.spaces.grants import Claim
from registry.web.spaces.guards import as_town, for_town
from registry.web.visits import At, Visit

FILTERS = ("etat", "tri")
COLUMNS = ("id", "filed_on", "amount_cents", "state", "since")
LIST = "/espace/collectivites/{code}/subventions"


def routes(at: At) -> list[Route]:
    return [
        at(LIST, for_town(listed)),
        at(LIST, for_town(claim), "POST"),
        *exports.routes(at, LIST, lambda format: for_town(partial(as_file, format))),
        at(f"{LIST}/{{id:int}}", for_town(show)),
        at(f"{LIST}/{{id:int}}", for_town(move), "POST"),
    ]


async def listed(visit: Visit, town: Collectivite) -> Response:
    return await _listed(town, visit, EMPTY)


async def _listed(town: Collectivite, visit: Visit, form: Form) -> Response:
    key, query = town.recorded_id, Query.of(visit.request, FILTERS)
    query, found = await read_page(visit.database, query, partial(_page, visit, town, query))
    async with visit.database.read() as session:
        campaign = (await campaigns.current(session, visit.today)).campaign
        live = await domain.has_live(session, town, campaign)
        connected = key in await readiness.with_prefill(session, [key], visit.today)
    return visit.page(
        "spaces/collectivites/grants.html",
        200 if found else 400,
        town=town,
        amount=campaign.grant_amount_cents,
        connected=connected,
        may_claim=not live,
        form=form,
        found=found,
        query=query,
    )


async def as_file(format: Format, visit: Visit, town: Collectivite) -> Response:
    fetch = partial(_page, visit, town, Query.of(visit.request, FILTERS, paging=()))
    source = exports.from_pages(COLUMNS, fetch, _record)
    return await exports.export_private(visit, format, f"subventions-{town.code}", source)


async def _page(
    visit: Visit, town: Collectivite, query: Query, session: AsyncSession, page: Page
) -> Slice[Claim]:
    actor, key = as_town(visit, town), town.recorded_id
    state, order = query.word("etat", GrantClaimState), query.recency()
    seen = await domain.seen_of_collectivites(session, [key], actor, page, state, order)
    found = seen.get(key, Slice())
    claims = await grants.told(session, found.rows)
    return found.carrying(claims)


def _record(claim: Claim) -> Record:
    return {
        "id": claim.row.id,
        "filed_on": claim.steps[0].effective_on,
        "amount_cents": claim.row.amount_cents,
        "state": claim.last.state,
        "since": claim.last.effective_on,
    }


async def claim(visit: Visit, town: Collectivite) -> Response:
    form = await posted(visit)
    submit = form.get("submit") != "non"

    async def work(session: AsyncSession, said: Said) -> GrantClaim:
        return await domain.claim(session, visit.actor, town.code or "", said, submit=submit)

    return await sent(
        visit,
        form,
        work,
        to=lambda made: f"/espace/collectivites/{town.code}/subventions/{made}",
        said="Votre demande est déposée." if submit else "Votre brouillon est gardé.",
        again=partial(_listed, town),
    )


async def show(visit: Visit, town: Collectivite) -> Response:
    return await _shown(town, visit, None)


async def _shown(town: Collectivite, visit: Visit, form: Form | None) -> Response:
    async with visit.database.read() as session:
        found, choices = await grants.read(session, as_town(visit, town), visit.number())
    if found.town.recorded_id != town.recorded_id:
        raise NotFound("claim", "Aucune demande de votre collectivité n’a cet identifiant.")
    return visit.page(
        "spaces/collectivites/grant.html",
        town=town,
        claim=found,
        choices=choices,
        form=form or grants.blank(choices),
    )


async def move(visit: Visit, town: Collectivite) -> Response:
    key = visit.number()
    to = f"/espace/collectivites/{town.code}/subventions/{key}"
    return await grants.take(visit, key, to=to, again=partial(_shown, town))
