"""What everyone reads of a collectivité, and what its own can do there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, SoftwareRequest
from registry.domain import collectivites, postal_codes, software_requests, territories
from registry.domain.disputes import reading as disputes
from registry.domain.disputes.reading import Holder
from registry.domain.errors import NotFound
from registry.domain.identifiers import is_insee
from registry.domain.policy import Action, Subject, may
from registry.domain.rollout import readiness
from registry.domain.rollout.answer import Answer
from registry.domain.rollout.readiness import Standing
from registry.domain.rollout.verdicts import Verdict
from registry.web import kept
from registry.web.collectivites.finding import (
    InUse,
    answered,
    code_of,
    confirmable,
    elsewhere,
    found,
    in_use,
)
from registry.web.forms import EMPTY, Form
from registry.web.visits import Visit

SERVED = 100
"""Communes at most that a page offers of a postal code."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the page says besides the answer itself. ``confirmable`` are ids of deployments;
    ``contested``, those of the disputes that its own opened, by product.
    """

    standing: Standing | None
    products: Sequence[InUse]
    places: territories.Names
    epci: Collectivite | None
    open_disputes: int
    contested: Mapping[int, int]
    mine: bool
    confirmable: Collection[int]
    named: Sequence[SoftwareRequest]


async def show(visit: Visit) -> Response:
    return await page(visit, EMPTY)


async def page(visit: Visit, form: Form) -> Response:
    """``form``: one of the page’s buttons that was refused."""
    places = await kept.read(visit, "places", territories.names)
    async with visit.database.read() as session:
        try:
            body = await found(session, visit)
        except NotFound as refusal:
            code = code_of(visit).strip()
            towns = await postal_codes.served(session, code, SERVED) if is_insee(code) else ()
            return _unknown(visit, refusal.message, towns)
        moved = elsewhere(visit, body)
        if moved is not None and visit.request.method != "POST":
            return moved
        said = await answered(session, visit, body)
        around = await _around(session, visit, said, places)
    return visit.page(
        "collectivites/page.html",
        body=body,
        answer=said,
        around=around,
        form=form,
    )


def _unknown(visit: Visit, rule: str, towns: Sequence[Collectivite]) -> Response:
    said = {"text": code_of(visit), "found": None, "rule": rule, "towns": towns}
    return visit.page("collectivites/unknown.html", 404, **said)


async def _around(
    session: AsyncSession, visit: Visit, said: Answer, places: territories.Names
) -> Around:
    body, body_id = said.collectivite, said.collectivite.recorded_id
    mine = may(visit.actor, Action.NAME_SOFTWARE, Subject(collectivite=body_id))
    epci = [] if body.epci_id is None else [body.epci_id]
    disputed = await disputes.open_counts(session, [body_id], Holder.COLLECTIVITE)
    waiting = confirmable(visit.actor, said)
    return Around(
        (await readiness.standings(session, [body_id])).get(body_id),
        await _in_use(session, visit, said, waiting),
        places,
        next(iter((await collectivites.by_ids(session, epci)).values()), None),
        disputed.get(body_id, 0),
        await disputes.open_of(session, visit.actor, body_id) if mine else {},
        mine,
        waiting,
        await software_requests.of_collectivite(session, visit.actor, body_id) if mine else (),
    )


async def _in_use(
    session: AsyncSession, visit: Visit, said: Answer, waiting: set[int]
) -> list[InUse]:
    """What waits to be confirmed comes first, then what the next step is about; what nobody signs
    in to comes last.
    """
    asked = {contact.product_id for contact in said.next_step.contacts}

    def place(one: InUse) -> tuple[bool, bool, bool]:
        settled = waiting.isdisjoint(use.deployment.recorded_id for use in one.uses)
        other = one.sheet.product.recorded_id not in asked
        return settled, one.verdict is Verdict.NOT_CONCERNED, other

    return sorted(await in_use(session, said, visit.today), key=place)
