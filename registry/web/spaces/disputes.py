"""A dispute as its parties and the ministry read it, and the steps that each may take."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, Dispute, DisputeState, DisputeTransition, Product, Vendor
from registry.domain import collectivites, products, vendors
from registry.domain.actor import Actor
from registry.domain.disputes import moves, options, reading
from registry.domain.disputes.options import Move, Option
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.words import DISPUTE_STATES
from registry.web.forms import Form, posted, sent
from registry.web.visits import Visit

REVIEWED = DISPUTE_STATES[DisputeState.UNDER_REVIEW]
LABELS: Mapping[Move, str] = {
    Move.REVIEW: f"Mettre {REVIEWED}",
    Move.ASK_REPLY: "Demander sa réponse à l’éditeur",
    Move.REPLY: "Répondre",
    Move.UPHOLD: "Reconnaître la contestation fondée",
    Move.DISMISS: "Écarter la contestation",
    Move.WITHDRAW: "Retirer la contestation",
    Move.REOPEN: "Rouvrir, sur pièce nouvelle",
}
DONE: Mapping[Move, str] = {
    Move.REVIEW: f"La contestation est {REVIEWED}.",
    Move.ASK_REPLY: "La réponse est demandée à l’éditeur.",
    Move.REPLY: "La réponse est enregistrée.",
    Move.UPHOLD: "La contestation est reconnue fondée.",
    Move.DISMISS: "La contestation est écartée.",
    Move.WITHDRAW: "La contestation est retirée.",
    Move.REOPEN: "La contestation est rouverte.",
}
TURNS: Mapping[DisputeState, str] = {
    DisputeState.OPEN: "C’est au ministère de l’examiner.",
    DisputeState.UNDER_REVIEW: "C’est au ministère de trancher, l’éditeur entendu.",
    DisputeState.AWAITING_REPLY: "C’est à l’éditeur de répondre.",
}
Step = Callable[[AsyncSession, Actor, int, Said], Awaitable[Dispute]]
STEPS: Mapping[Move, Step] = {
    Move.REVIEW: moves.review,
    Move.REPLY: moves.reply,
    Move.UPHOLD: moves.uphold,
    Move.DISMISS: moves.dismiss,
    Move.WITHDRAW: moves.withdraw,
    Move.REOPEN: moves.reopen,
}


@dataclass(frozen=True, slots=True)
class Case:
    """``town`` is the author, whatever became of it."""

    dispute: Dispute
    product: Product
    vendor: Vendor
    town: Collectivite
    steps: Sequence[DisputeTransition]

    @property
    def last(self) -> DisputeTransition:
        return self.steps[-1]

    @property
    def turn(self) -> str | None:
        """Whose it is, while the dispute is open."""
        return TURNS.get(self.last.state)


async def told(session: AsyncSession, found: Sequence[Dispute]) -> list[Case]:
    steps = await reading.steps(session, [row.recorded_id for row in found])
    used = await products.by_ids(session, [row.product_id for row in found])
    owners = await vendors.by_ids(session, [product.vendor_id for product in used.values()])
    towns = await collectivites.by_ids(session, [row.collectivite_id for row in found])
    return [
        Case(
            row,
            used[row.product_id],
            owners[used[row.product_id].vendor_id],
            towns[row.collectivite_id],
            steps[row.recorded_id],
        )
        for row in found
    ]


async def read(
    session: AsyncSession, actor: Actor, dispute_id: int, day: date
) -> tuple[Case, tuple[Option, ...]]:
    found = await reading.seen(session, actor, dispute_id)
    if found is None:
        raise NotFound("dispute", "Aucune contestation n’a cet identifiant.")
    (case,) = await told(session, [found])
    return case, await options.of_dispute(session, actor, dispute_id, day)


async def take(
    visit: Visit, dispute_id: int, *, to: str, again: Callable[[Visit, Form], Awaitable[Response]]
) -> Response:
    """The step that the form says."""
    form = await posted(visit)
    form.required("move")
    chosen = form.word("move", Move) or Move.REVIEW
    due = form.date("replyDueOn")

    async def work(session: AsyncSession, said: Said) -> Dispute:
        if chosen is Move.ASK_REPLY:
            return await moves.ask_reply(session, visit.actor, dispute_id, due, said)
        return await STEPS[chosen](session, visit.actor, dispute_id, said)

    return await sent(visit, form, work, to=to, said=DONE[chosen], again=again)
