"""The machines of one's own organisation: each one's secret is shown once, by the answer to the
form that asked for it.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Token, TokenScope
from registry.auth.tokens import Issued, issue, renew
from registry.domain import tokens, vendors
from registry.domain.errors import DomainError
from registry.domain.histories import Said
from registry.domain.tokens import Wanted
from registry.domain.words import TOKEN_SCOPES
from registry.web.forms import Form, posted, shown_again, write
from registry.web.spaces.vendors.space import Space

SCOPES = (TokenScope.READ, TokenScope.DECLARE)
"""Those that a vendor's token may have."""
DAYS = 180
AGAIN = (
    "Cette demande a déjà donné un jeton, dont le secret n’a été montré qu’une fois."
    " S’il est perdu, renouvelez le jeton."
)

Issue = Callable[[AsyncSession], Awaitable[Issued]]


async def show(space: Space) -> Response:
    return await _page(space, Form.of(scopes=[TokenScope.READ], days=DAYS))


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
    async with space.visit.database.read() as session:
        member = await is_member(session, space)
        rows = await tokens.listed(session, space.visit.actor.organisation) if member else []
    return space.page(
        "tokens.html",
        form=form,
        member=member,
        rows=[(row, tokens.state(row)) for row in rows],
        scopes={scope: TOKEN_SCOPES[scope] for scope in SCOPES},
        longest=tokens.LONGEST,
    )


async def is_member(session: AsyncSession, space: Space) -> bool:
    """Of the vendor itself, not a delegate of it: see ``MANAGE_TOKENS``."""
    mine = await vendors.by_siren(session, space.visit.actor.organisation or "")
    return mine is not None and mine.id == space.vendor.id
