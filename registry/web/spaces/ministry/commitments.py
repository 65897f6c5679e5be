"""The ministry invites who said nothing, and accepts again after a breach."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from models import Commitment, CommitmentState
from registry.domain import commitments, vendors
from registry.domain.commitments import Key
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.web.forms import Form, posted, sent
from registry.web.spaces.guards import for_ministry
from registry.web.visits import PRIVATE, At, Visit


def routes(at: At) -> list[Route]:
    return [at("/espace/ministere/engagements/{id:int}", for_ministry(find))]


async def find(visit: Visit) -> Response:
    """From a step to whose commitment it is."""
    key = visit.number()
    async with visit.database.read() as session:
        row = (await commitments.by_ids(session, [key])).get(key)
        if row is None:
            raise NotFound("id", "Aucun engagement n’a cet identifiant.")
        vendor = (await vendors.by_ids(session, [row.vendor_id]))[row.vendor_id]
    if row.product_id is not None:
        there = f"/espace/ministere/logiciels/{row.product_id}"
    else:
        there = f"/espace/ministere/editeurs/{vendor.siren}"
    return RedirectResponse(there, 303, PRIVATE)


async def take(
    visit: Visit, key: Key, *, to: str, again: Callable[[Visit, Form], Awaitable[Response]]
) -> Response:
    """The step that the form says: an invitation, or a signature that stands again."""
    form = await posted(visit)
    invites = form.get("step") == CommitmentState.INVITED

    async def work(session: AsyncSession, said: Said) -> Commitment:
        step = commitments.invite if invites else commitments.accept
        return await step(session, visit.actor, key, said)

    invited = "L’éditeur est invité à s’engager."
    done = invited if invites else "L’engagement est rétabli tel qu’il avait été signé."
    return await sent(visit, form, work, to=to, said=done, again=again)
