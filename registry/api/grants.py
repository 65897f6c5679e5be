from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import GrantClaim as Row
from models import GrantClaimState, GrantClaimTransition, Source
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.history import HistoryEntry, history_of
from registry.api.loaders import GrantClaimsArguments
from registry.api.mutations import StepInput, mutation
from registry.api.nodes import Node, global_id, row_id_of
from registry.api.pages import Connection, connection
from registry.domain import grants
from registry.domain.collectivites import heir_id
from registry.domain.pages import Page

if TYPE_CHECKING:
    from registry.api.collectivites import Collectivite

CollectiviteRef = Annotated["Collectivite", strawberry.lazy("registry.api.collectivites")]

_S = GrantClaimState


@strawberry.type(description="Étape d’une demande de subvention.")
class GrantClaimStep:
    state: GrantClaimState = strawberry.field(description="État atteint.")
    effective_on: date = strawberry.field(description="Date d’effet.")
    declared_by: Source = strawberry.field(description="Qui a fait ce pas.")
    reason: str | None = strawberry.field(description="Motif.")
    evidence_url: str | None = strawberry.field(description="Adresse de la pièce.")

    @classmethod
    def of(cls, row: GrantClaimTransition) -> "GrantClaimStep":
        return cls(
            state=row.state,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            reason=row.reason,
            evidence_url=row.evidence_url,
        )


@strawberry.type(
    description="Demande de la subvention forfaitaire. Seuls la collectivité et le ministère la"
    " lisent."
)
class GrantClaim(Node):
    row_id: strawberry.Private[int]
    collectivite_id: strawberry.Private[int]
    amount_cents: int = strawberry.field(
        description="Montant, en centimes d’euro : celui de la campagne au jour de la demande."
    )
    history: Connection[HistoryEntry] = history_of("grant_claim")

    @resolved("Collectivité ; celle qui succède à l’auteur, s’il a disparu.")
    async def collectivite(self, info: Request) -> CollectiviteRef:
        from registry.api.collectivites import Collectivite

        author = await info.context.loaders.collectivite.load(self.collectivite_id)
        return Collectivite.of(await info.context.loaders.collectivite.load(heir_id(author)))

    @resolved("État.")
    async def state(self, info: Request) -> GrantClaimState:
        return (await info.context.loaders.grant_claim_steps.load(self.row_id))[-1].state

    @resolved("Toutes ses étapes, dans l’ordre.")
    async def steps(self, info: Request) -> list[GrantClaimStep]:
        rows = await info.context.loaders.grant_claim_steps.load(self.row_id)
        return [GrantClaimStep.of(row) for row in rows]

    @classmethod
    def of(cls, row: Row) -> "GrantClaim":
        return cls(
            id=global_id("GrantClaim", row.id),
            row_id=cast("int", row.id),
            collectivite_id=row.collectivite_id,
            amount_cents=row.amount_cents,
        )


async def listed(info: Request, body: int, page: Page) -> Connection[GrantClaim]:
    """Those of a collectivité which the caller may see."""
    actor, loaders = info.context.actor, info.context.loaders
    found = await loaders.grant_claims.load((body, GrantClaimsArguments(actor, page)))
    return connection(found, GrantClaim.of, partial(loaders.grant_claim_count.load, (body, actor)))


async def find(info: Request, row_id: int) -> GrantClaim | None:
    async with info.context.read() as session:
        row = await grants.seen(session, info.context.actor, row_id)
    return None if row is None else GrantClaim.of(row)


async def _again(info: Request, row_id: int) -> GrantClaim:
    """What the caller wrote itself, so that it need not be allowed to read."""
    async with info.context.read() as session:
        return GrantClaim.of((await grants.by_ids(session, [row_id]))[row_id])


@strawberry.input(description="Demande de subvention à déposer.")
class ClaimGrantInput(StepInput):
    collectivite: str = strawberry.field(
        description="La collectivité qui demande : code INSEE, SIREN ou SIRET."
    )
    submit: bool = strawberry.field(
        default=True, description="Vrai : déposée aussitôt ; faux : gardée en brouillon."
    )


@strawberry.input(description="Étape d’une demande de subvention.")
class GrantClaimStepInput(StepInput):
    claim: strawberry.ID = strawberry.field(description="La demande.")


async def _move(
    info: Request, session: AsyncSession, given: GrantClaimStepInput, state: GrantClaimState
) -> GrantClaim:
    claim_id = row_id_of("GrantClaim", given.claim, "claim")
    return GrantClaim.of(
        await grants.move(session, info.context.actor, claim_id, state, given.said)
    )


@strawberry.type(description="Écritures des demandes de subvention.")
class GrantMutation:
    @mutation("La collectivité demande la subvention forfaitaire.", again=_again)
    async def claim_grant(
        self, info: Request, session: AsyncSession, input: ClaimGrantInput
    ) -> GrantClaim:
        row = await grants.claim(
            session, info.context.actor, input.collectivite, input.said, submit=input.submit
        )
        return GrantClaim.of(row)

    @mutation("La collectivité dépose sa demande, ou la dépose de nouveau.", again=_again)
    async def submit_grant_claim(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.SUBMITTED)

    @mutation("La collectivité annule sa demande.", again=_again)
    async def cancel_grant_claim(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.CANCELLED)

    @mutation("Le ministère demande de compléter ; le motif est obligatoire.", again=_again)
    async def request_grant_changes(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.CHANGES_REQUESTED)

    @mutation(
        "Le ministère accepte : la collectivité a, en production, un service FranceConnect"
        " accepté et au moins une API de données.",
        again=_again,
    )
    async def accept_grant_claim(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.ACCEPTED)

    @mutation("Le ministère rejette ; le motif est obligatoire.", again=_again)
    async def reject_grant_claim(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.REJECTED)

    @mutation("Le ministère note que la subvention est payée.", again=_again)
    async def mark_grant_paid(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.PAID)

    @mutation("Le ministère réclame la subvention ; le motif est obligatoire.", again=_again)
    async def request_grant_recovery(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.RECOVERY_REQUESTED)

    @mutation("Le ministère note que la subvention est rendue.", again=_again)
    async def mark_grant_recovered(
        self, info: Request, session: AsyncSession, input: GrantClaimStepInput
    ) -> GrantClaim:
        return await _move(info, session, input, _S.RECOVERED)
