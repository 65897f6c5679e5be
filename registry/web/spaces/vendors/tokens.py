"""The machines of one's own organisation: each one's secret is shown once, by the answer to the
form that asked for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Token, TokenScope
from registry.auth.tokens import Issued, issue, renew
from registry.domain import tokens, vendors
from registry.domain.errors import DomainError, NotAllowed
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.domain.tokens import TokenState, Wanted
from registry.domain.words import TOKEN_SCOPES
from registry.exchange.lists import Format, Record
from registry.web.exports import export_private, from_pages
from registry.web.forms import Form, posted, shown_again, write
from registry.web.queries import Query, read_page
from registry.web.spaces.vendors.space import Page as Served
from registry.web.spaces.vendors.space import Space

SCOPES = (TokenScope.READ, TokenScope.DECLARE)
"""Those that a vendor's token may have."""
STATES: Mapping[TokenState, str] = {
    TokenState.ACTIVE: "en vigueur",
    TokenState.EXPIRED: "expiré",
    TokenState.REVOKED: "révoqué",
}
FILTERS = ("etat", "tri")
COLUMNS = (
    "id", "name", "scopes", "state", "created_at", "expires_at", "last_used_at", "revoked_at",
)  # fmt: skip
DAYS = 180
AGAIN = (
    "Cette demande a déjà donné un jeton, dont le secret n’a été montré qu’une fois."
    " S’il est perdu, renouvelez le jeton."
)

Issue = Callable[[AsyncSession], Awaitable[Issued]]


async def show(space: Space) -> Response:
    return await _page(space, Form.of(scopes=[TokenScope.READ], days=DAYS))


def as_file(format: Format) -> Served:
    """The whole list, as ``csv`` or ``json``."""

    async def write(space: Space) -> Response:
        await only_members(space)
        fetch = partial(_listed, space, Query.of(space.visit.request, FILTERS, paging=()))
        return await export_private(
            space.visit, format, f"jetons-{space.vendor.siren}", from_pages(COLUMNS, fetch, _record)
        )

    return write


async def _listed(space: Space, query: Query, session: AsyncSession, page: Page) -> Slice[Token]:
    state, order = query.word("etat", TokenState), query.recency()
    return await tokens.seen(session, space.visit.actor, page, state, order)


def _record(row: Token) -> Record:
    return {
        "id": row.id,
        "name": row.name,
        "scopes": row.scopes,
        "state": tokens.state(row),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }


async def create(space: Space) -> Response:
    form, actor = await posted(space.visit), space.visit.actor
    form.required("days")
    wanted = Wanted(
        form.required("name"), form.words("scopes", TokenScope), form.integer("days") or 0
    )

    async def issued(session: AsyncSession) -> Issued:
        return await issue(session, actor, tokens.own(actor), wanted)

    return await _issued(space, form, issued)


async def rotate(space: Space) -> Response:
    form, actor, number = await posted(space.visit), space.visit.actor, space.visit.number()

    async def issued(session: AsyncSession) -> Issued:
        return await renew(session, actor, number, None)

    return await _issued(space, form, issued)


async def _issued(space: Space, form: Form, issued: Issue) -> Response:
    """The same form sent again writes nothing, and so has no secret to show."""
    found: list[Issued] = []

    async def work(session: AsyncSession, _: Said) -> Token:
        found.append(await issued(session))
        return found[-1].token

    try:
        form.settle()
        await write(space.visit, form, work)
    except DomainError as refusal:
        return shown_again(await _page(space, form.refused(refusal)))
    if not found:
        return space.visit.done(space.to("jetons"), AGAIN)
    return space.page("token_issued.html", issued=found[-1])


async def revoke(space: Space) -> Response:
    form, number = await posted(space.visit), space.visit.number()

    async def work(session: AsyncSession, _: Said) -> Token:
        return await tokens.revoke(session, space.visit.actor, number)

    said = "Ce jeton est révoqué : il ne permet plus rien."
    return await space.sent(form, work, to=space.to("jetons"), said=said, again=_page)


async def _page(space: Space, form: Form) -> Response:
    query, found = Query.of(space.visit.request, FILTERS, space.to("jetons")), None
    member = await is_member(space)
    if member:
        query, found = await read_page(space.visit.database, query, partial(_listed, space, query))
    return space.page(
        "tokens.html",
        400 if query.faults else 200,
        form=form,
        member=member,
        query=query,
        found=found,
        state=tokens.state,
        states=STATES,
        scopes={scope: TOKEN_SCOPES[scope] for scope in SCOPES},
        longest=tokens.LONGEST,
    )


async def is_member(space: Space) -> bool:
    """Of the vendor itself, not a delegate of it: see ``MANAGE_TOKENS``."""
    async with space.visit.database.read() as session:
        mine = await vendors.by_siren(session, space.visit.actor.organisation or "")
    return mine is not None and mine.id == space.vendor.id


async def only_members(space: Space) -> None:
    if not await is_member(space):
        raise NotAllowed("Vous agissez ici pour une autre société : cette liste est à ses membres.")
