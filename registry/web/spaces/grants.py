"""A claim of the lump sum, as the collectivité and the ministry read and move it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, GrantClaim, GrantClaimState, GrantClaimTransition
from registry.domain import collectivites, grants
from registry.domain.actor import Actor
from registry.domain.collectivites import heir_id
from registry.domain.errors import NotFound
from registry.domain.histories import Said
from registry.domain.rollout import readiness
from registry.web.forms import Form, posted, sent
from registry.web.visits import Visit

_S = GrantClaimState
LABELS: Mapping[GrantClaimState, str] = {
    _S.SUBMITTED: "Déposer la demande",
    _S.CANCELLED: "Annuler la demande",
    _S.CHANGES_REQUESTED: "Demander de compléter (le motif est à dire)",
    _S.ACCEPTED: "Accepter",
    _S.REJECTED: "Rejeter (le motif est à dire)",
    _S.PAID: "Noter le versement",
    _S.RECOVERY_REQUESTED: "Demander le remboursement (le motif est à dire)",
    _S.RECOVERED: "Noter le remboursement",
}
DONE: Mapping[GrantClaimState, str] = {
    _S.SUBMITTED: "La demande est déposée.",
    _S.CANCELLED: "La demande est annulée.",
    _S.CHANGES_REQUESTED: "La collectivité est invitée à compléter sa demande.",
    _S.ACCEPTED: "La demande est acceptée.",
    _S.REJECTED: "La demande est rejetée.",
    _S.PAID: "Le versement est noté.",
    _S.RECOVERY_REQUESTED: "Le remboursement est demandé.",
    _S.RECOVERED: "Le remboursement est noté.",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """``town`` is who answers for it today."""

    row: GrantClaim
    town: Collectivite
    steps: Sequence[GrantClaimTransition]

    @property
    def last(self) -> GrantClaimTransition:
        return self.steps[-1]


async def told(session: AsyncSession, found: Sequence[GrantClaim]) -> list[Claim]:
    steps = await grants.steps(session, [row.recorded_id for row in found])
    authors = await collectivites.by_ids(session, [row.collectivite_id for row in found])
    heirs = await collectivites.by_ids(session, [heir_id(author) for author in authors.values()])
    return [
        Claim(row, heirs[heir_id(authors[row.collectivite_id])], steps[row.recorded_id])
        for row in found
    ]


async def read(
    session: AsyncSession, actor: Actor, claim_id: int
) -> tuple[Claim, list[tuple[str, str]]]:
    """With the choices that the actor has."""
    found = await grants.seen(session, actor, claim_id)
    if found is None:
        raise NotFound("claim", "Aucune demande n’a cet identifiant.")
    (claim,) = await told(session, [found])
    reached = grants.following(actor, claim.town.recorded_id, claim.last.state)
    return claim, [(state.value, LABELS[state]) for state in reached]


async def is_connected(session: AsyncSession, claim: Claim, visit: Visit) -> bool:
    """What the ministry may only accept: a sign-in and a data API, in production."""
    town = claim.town.recorded_id
    return town in await readiness.with_prefill(session, [town], visit.today)


def blank(choices: Sequence[tuple[str, str]]) -> Form:
    return Form.of(state=choices[0][0]) if len(choices) == 1 else Form()


async def take(
    visit: Visit, claim_id: int, *, to: str, again: Callable[[Visit, Form], Awaitable[Response]]
) -> Response:
    """The step that the form says."""
    form = await posted(visit)
    form.required("state")
    state = form.word("state", GrantClaimState) or _S.DRAFT

    async def work(session: AsyncSession, said: Said) -> GrantClaim:
        return await grants.move(session, visit.actor, claim_id, state, said)

    return await sent(visit, form, work, to=to, said=DONE.get(state, ""), again=again)
