from datetime import date

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import DisputeKind, Service, SurchargeKind
from registry.api.context import Request
from registry.api.disputes.types import Dispute
from registry.api.mutations import StepInput, WriteInput, mutation
from registry.api.nodes import row_id_of
from registry.domain.disputes import moves, opening, reading
from registry.domain.disputes.opening import Complaint, Subjects
from registry.domain.histories import Said


@strawberry.input(description="Contestation à ouvrir.")
class OpenDisputeInput(WriteInput):
    collectivite: str = strawberry.field(
        description="La collectivité qui conteste : code INSEE, SIREN ou SIRET."
    )
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    product: str = strawberry.field(
        description="Identifiant du logiciel, que la collectivité utilise."
    )
    kind: DisputeKind = strawberry.field(description="Ce qui est contesté.")
    service: Service | None = strawberry.field(
        default=None, description="Service dont l’intégration est contestée, et alors seulement."
    )
    surcharge_kind: SurchargeKind | None = strawberry.field(
        default=None, description="Nature du surcoût."
    )
    amount_cents: int | None = strawberry.field(
        default=None, description="Montant du surcoût, en centimes d’euro."
    )
    statement: str = strawberry.field(description="Exposé des faits, de 2 000 caractères au plus.")
    effective_on: date | None = strawberry.field(
        default=None, description="Date d’effet, au plus tard aujourd’hui ; aujourd’hui sinon."
    )
    evidence_url: str | None = strawberry.field(
        default=None, description="Adresse de la pièce : le devis, pour un surcoût."
    )

    @property
    def subjects(self) -> Subjects:
        return Subjects(self.collectivite, self.vendor_siren, self.product)

    @property
    def complaint(self) -> Complaint:
        return Complaint(
            self.kind, self.statement, self.service, self.surcharge_kind, self.amount_cents
        )

    @property
    def said(self) -> Said:
        return Said(self.effective_on, None, self.evidence_url)


@strawberry.input(description="Étape d’une contestation.")
class DisputeStepInput(StepInput):
    dispute: strawberry.ID = strawberry.field(description="La contestation.")

    @property
    def dispute_id(self) -> int:
        return row_id_of("Dispute", self.dispute, "dispute")


@strawberry.input(description="Demande de réponse à l’éditeur mis en cause.")
class AskReplyInput(DisputeStepInput):
    reply_due_on: date | None = strawberry.field(
        default=None, description="Dernier jour pour répondre ; sinon, dans 30 jours."
    )


async def _again(info: Request, row_id: int) -> Dispute:
    """What the caller wrote itself, so that it need not be allowed to read."""
    async with info.context.read() as session:
        return Dispute.of((await reading.by_ids(session, [row_id]))[row_id])


@strawberry.type(description="Écritures des contestations.")
class DisputeMutation:
    @mutation(
        "La collectivité conteste le statut d’un logiciel qu’elle utilise, ou signale un surcoût.",
        again=_again,
    )
    async def open_dispute(
        self, info: Request, session: AsyncSession, input: OpenDisputeInput
    ) -> Dispute:
        row = await opening.open_dispute(
            session, info.context.actor, input.subjects, input.complaint, input.said
        )
        return Dispute.of(row)

    @mutation(
        "Le ministère instruit une contestation, ou cesse d’attendre la réponse.", again=_again
    )
    async def review_dispute(
        self, info: Request, session: AsyncSession, input: DisputeStepInput
    ) -> Dispute:
        row = await moves.review(session, info.context.actor, input.dispute_id, input.said)
        return Dispute.of(row)

    @mutation("Le ministère demande à l’éditeur de répondre.", again=_again)
    async def ask_reply(
        self, info: Request, session: AsyncSession, input: AskReplyInput
    ) -> Dispute:
        row = await moves.ask_reply(
            session, info.context.actor, input.dispute_id, input.reply_due_on, input.said
        )
        return Dispute.of(row)

    @mutation("L’éditeur mis en cause répond : le motif est sa réponse.", again=_again)
    async def reply_to_dispute(
        self, info: Request, session: AsyncSession, input: DisputeStepInput
    ) -> Dispute:
        row = await moves.reply(session, info.context.actor, input.dispute_id, input.said)
        return Dispute.of(row)

    @mutation(
        "Le ministère reconnaît la contestation fondée, après la réponse ou son échéance :"
        " l’engagement du logiciel est non tenu, ou l’intégration qualifiée suspendue.",
        again=_again,
    )
    async def uphold_dispute(
        self, info: Request, session: AsyncSession, input: DisputeStepInput
    ) -> Dispute:
        row = await moves.uphold(session, info.context.actor, input.dispute_id, input.said)
        return Dispute.of(row)

    @mutation(
        "Le ministère écarte la contestation ; le motif est obligatoire, et l’étape suivante de"
        " la collectivité, qui est publique, le montre s’il s’agit d’une intégration.",
        again=_again,
    )
    async def dismiss_dispute(
        self, info: Request, session: AsyncSession, input: DisputeStepInput
    ) -> Dispute:
        row = await moves.dismiss(session, info.context.actor, input.dispute_id, input.said)
        return Dispute.of(row)

    @mutation("La collectivité retire sa contestation.", again=_again)
    async def withdraw_dispute(
        self, info: Request, session: AsyncSession, input: DisputeStepInput
    ) -> Dispute:
        row = await moves.withdraw(session, info.context.actor, input.dispute_id, input.said)
        return Dispute.of(row)

    @mutation(
        "Rouvre une contestation close, sur pièce nouvelle : la collectivité si elle a été"
        " écartée, l’éditeur si elle a été reconnue fondée, le ministère dans les deux cas.",
        again=_again,
    )
    async def reopen_dispute(
        self, info: Request, session: AsyncSession, input: DisputeStepInput
    ) -> Dispute:
        row = await moves.reopen(session, info.context.actor, input.dispute_id, input.said)
        return Dispute.of(row)
