"""What clients contest: read, answered in time, reopened on new evidence."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, Dispute, DisputeState, DisputeTransition, Product, Source
from registry.domain import collectivites, products
from registry.domain.actor import Actor
from registry.domain.disputes import moves, reading
from registry.domain.disputes.reading import Holder
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.exchange.lists import Format, Record
from registry.exchange.tables import NAME
from registry.web.exports import export_private, from_pages
from registry.web.forms import EMPTY, Form, posted
from registry.web.queries import Query, read_page
from registry.web.spaces.vendors.space import Page as Served
from registry.web.spaces.vendors.space import Space

FILTERS = ("etat", "tri")
COLUMNS = (
    *("id", "collectivite", NAME, "vendor_siren", "product", "kind", "service"),
    *("state", "since", "reply_due_on", "statement"),
)
Move = Callable[[AsyncSession, Actor, int, Said], Awaitable[Dispute]]


@dataclass(frozen=True, slots=True)
class Case:
    """``steps`` in order."""

    dispute: Dispute
    body: Collectivite
    product: Product
    steps: Sequence[DisputeTransition]

    @property
    def last(self) -> DisputeTransition:
        return self.steps[-1]

    @property
    def awaits_reply(self) -> bool:
        return self.last.state is DisputeState.AWAITING_REPLY

    @property
    def replied_on(self) -> date | None:
        """When the vendor answered what it was asked last, if nothing was decided since."""
        before, last = self.steps[-2:] if len(self.steps) > 1 else (None, self.last)
        asked = before is not None and before.state is DisputeState.AWAITING_REPLY
        return last.effective_on if asked and last.declared_by is Source.VENDOR else None

    @property
    def reopens(self) -> bool:
        """By the vendor, which lost it."""
        return self.last.state is DisputeState.UPHELD


async def show_all(space: Space) -> Response:
    query = Query.of(space.visit.request, FILTERS)
    query, found = await read_page(space.visit.database, query, partial(_listed, space, query))
    return space.page("disputes.html", 200 if found else 400, query=query, found=found)


def as_file(format: Format) -> Served:
    """The whole list, as ``csv`` or ``json``."""

    async def write(space: Space) -> Response:
        fetch = partial(_listed, space, Query.of(space.visit.request, FILTERS, paging=()))
        source = from_pages(COLUMNS, fetch, partial(_as_record, space.vendor.siren))
        return await export_private(
            space.visit, format, f"contestations-{space.vendor.siren}", source
        )

    return write


async def _listed(space: Space, query: Query, session: AsyncSession, page: Page) -> Slice[Case]:
    actor, vendor = space.visit.actor, space.vendor.recorded_id
    state, order = query.word("etat", DisputeState), query.recency()
    slices = await reading.seen_of(session, [vendor], actor, Holder.VENDOR, page, state, order)
    found = slices.get(vendor, Slice())
    cases = await _cases(session, found.rows)
    return found.carrying(cases)


def _as_record(siren: str, case: Case) -> Record:
    return {
        "id": case.dispute.id,
        "collectivite": case.body.code,
        NAME: case.body.name,
        "vendor_siren": siren,
        "product": case.product.slug,
        "kind": case.dispute.kind,
        "service": case.dispute.service,
        "state": case.last.state,
        "since": case.last.effective_on,
        "reply_due_on": case.last.reply_due_on if case.awaits_reply else None,
        "statement": case.dispute.statement,
    }


async def _cases(session: AsyncSession, found: Sequence[Dispute]) -> list[Case]:
    steps = await reading.steps(session, [row.recorded_id for row in found])
    bodies = await collectivites.by_ids(session, [row.collectivite_id for row in found])
    named = await products.by_ids(session, [row.product_id for row in found])
    return [
        Case(row, bodies[row.collectivite_id], named[row.product_id], steps[row.recorded_id])
        for row in found
    ]


async def show(space: Space) -> Response:
    return await _page(space, EMPTY)


async def reply(space: Space) -> Response:
    form = await posted(space.visit)
    form.required("reason")
    said = "Votre réponse est enregistrée : le ministère reprend l’examen."
    return await _moved(space, form, moves.reply, said)


async def reopen(space: Space) -> Response:
    form = await posted(space.visit)
    return await _moved(space, form, moves.reopen, "L’examen reprend, sur votre pièce nouvelle.")


async def _moved(space: Space, form: Form, move: Move, done: str) -> Response:
    number = space.visit.number()

    async def work(session: AsyncSession, said: Said) -> Dispute:
        return await move(session, space.visit.actor, number, said)

    to = space.to("contestations", number)
    return await space.sent(form, work, to=to, said=done, again=_page)


async def _page(space: Space, form: Form) -> Response:
    number = space.visit.number()
    async with space.visit.database.read() as session:
        row = await reading.seen(session, space.visit.actor, number)
        cases = await _cases(session, [] if row is None else [row])
    if not cases or cases[0].product.vendor_id != space.vendor.id:
        raise NotFound("id", "Aucune contestation n’a cette adresse.")
    return space.page("dispute.html", case=cases[0], form=form)
