from datetime import date
from typing import cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Feed, IntegrationState, Service, Source
from models import Integration as Row
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.mutations import StepInput, WriteInput, mutation
from registry.api.nodes import Node, global_id, row_id_of
from registry.domain import integrations
from registry.domain.freshness import is_stale
from registry.domain.integrations import Decision, Details, Key, is_late
from registry.domain.levels import ShownLevel, of_integration


@strawberry.type(description="État de l’intégration d’un service de l’État dans un logiciel.")
class Integration(Node):
    row_id: strawberry.Private[int]
    row: strawberry.Private[Row]
    service: Service = strawberry.field(description="Service intégré.")
    state: IntegrationState = strawberry.field(description="État.")
    effective_on: date = strawberry.field(description="Date d’effet.")
    declared_by: Source = strawberry.field(description="Qui l’a déclaré.")
    evidence_url: str | None = strawberry.field(description="Adresse de la pièce justificative.")
    reason: str | None = strawberry.field(description="Motif donné par qui l’a déclaré.")
    reviewed_on: date | None = strawberry.field(
        description="Date à laquelle le ministère l’a examiné ; vide : il ne l’a pas fait."
    )
    review: str | None = strawberry.field(description="Ce qu’en a écrit le ministère.")
    confirmed_on: date | None = strawberry.field(
        description="Jour où l’éditeur a redit que cette étape est toujours vraie."
    )
    feeds: list[Feed] = strawberry.field(description="Données pré-remplies.")
    target_date: date | None = strawberry.field(description="Date promise.")
    min_version: str | None = strawberry.field(description="Version minimale du logiciel.")
    late: bool = strawberry.field(description="Prévue pour une date qui est passée.")
    stale: bool = strawberry.field(description="Déclaré il y a trop longtemps : à confirmer.")

    @resolved("Niveau de preuve ; « contesté » tant qu’une contestation est en cours.")
    async def evidence_level(self, info: Request) -> ShownLevel:
        contested = await info.context.loaders.contested.load(self.row.product_id)
        return of_integration(self.row, contested)

    @classmethod
    def of(cls, row: Row, info: Request) -> "Integration":
        context = info.context
        return cls(
            id=global_id("Integration", row.id),
            row_id=cast("int", row.id),
            row=row,
            service=row.service,
            state=row.state,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            evidence_url=row.evidence_url,
            reason=row.reason,
            reviewed_on=row.reviewed_on,
            review=row.review,
            confirmed_on=row.confirmed_on,
            feeds=[Feed(feed) for feed in row.feeds],
            target_date=row.target_date,
            min_version=row.min_version,
            late=is_late(row, context.today),
            stale=is_stale(row.said_on, context.today, context.stale_after_months),
        )


async def find(info: Request, row_id: int) -> Integration | None:
    async with info.context.read() as session:
        row = (await integrations.by_ids(session, [row_id])).get(row_id)
    return None if row is None else Integration.of(row, info)


@strawberry.input(description="De quelle intégration il s’agit.")
class IntegrationKeyInput:
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    product: str = strawberry.field(
        description="Identifiant du logiciel ; une ancienne clé vaut celle qu’elle est devenue."
    )
    service: Service = strawberry.field(description="Service de l’État.")

    @property
    def key(self) -> Key:
        return Key(self.vendor_siren, self.product, self.service)


@strawberry.input(description="Ce qu’une étape dit outre son état.")
class IntegrationDetailsInput:
    feeds: list[Feed] | None = strawberry.field(
        default=None, description="Données pré-remplies ; pour une API de données seulement."
    )
    target_date: date | None = strawberry.field(
        default=None,
        description="Date promise ; obligatoire pour une intégration prévue, et jamais déjà passée"
        " le jour où elle est dite.",
    )
    min_version: str | None = strawberry.field(
        default=None, description="Version minimale du logiciel."
    )

    @property
    def details(self) -> Details:
        return Details(tuple(self.feeds or ()), self.target_date, self.min_version)


@strawberry.input(description="Étape d’une intégration.")
class RecordIntegrationInput(StepInput, IntegrationKeyInput, IntegrationDetailsInput):
    state: IntegrationState = strawberry.field(description="État atteint.")


@strawberry.input(description="Ce que dit désormais la dernière étape ; tout est redit.")
class AmendIntegrationInput(WriteInput, IntegrationKeyInput, IntegrationDetailsInput):
    step: strawberry.ID = strawberry.field(description="L’étape lue : la dernière.")
    evidence_url: str | None = strawberry.field(
        default=None, description="Adresse de la pièce justificative."
    )


@strawberry.input(description="Redite de la dernière étape, telle qu’elle est.")
class ConfirmIntegrationInput(WriteInput, IntegrationKeyInput):
    step: strawberry.ID = strawberry.field(description="L’étape lue : la dernière.")


@strawberry.input(description="Examen de la dernière étape d’une intégration.")
class ReviewIntegrationInput(WriteInput, IntegrationKeyInput):
    step: strawberry.ID = strawberry.field(description="L’étape lue : la dernière.")
    decision: Decision = strawberry.field(description="Ce qui est décidé.")
    reason: str | None = strawberry.field(
        default=None, description="Ce qui est écrit à l’éditeur ; obligatoire pour un renvoi."
    )


@strawberry.input(description="Suspension d’une intégration qualifiée ; le motif est obligatoire.")
class SuspendIntegrationInput(StepInput, IntegrationKeyInput):
    pass


@strawberry.type(description="Écritures des intégrations.")
class IntegrationMutation:
    @mutation("L’éditeur enregistre une étape d’intégration.", again=find)
    async def record_integration(
        self, info: Request, session: AsyncSession, input: RecordIntegrationInput
    ) -> Integration:
        row = await integrations.record(
            session, info.context.actor, input.key, input.state, input.details, input.said
        )
        return Integration.of(row, info)

    @mutation(
        "L’éditeur complète ou corrige ce que dit la dernière étape, sans changer son état :"
        " elle est de nouveau à vérifier.",
        again=find,
    )
    async def amend_integration(
        self, info: Request, session: AsyncSession, input: AmendIntegrationInput
    ) -> Integration:
        step = row_id_of("Integration", input.step, "step")
        row = await integrations.amend(
            session, info.context.actor, input.key, step, input.details, input.evidence_url
        )
        return Integration.of(row, info)

    @mutation(
        "L’éditeur redit que la dernière étape est toujours vraie : rien d’autre n’en change.",
        again=find,
    )
    async def confirm_integration(
        self, info: Request, session: AsyncSession, input: ConfirmIntegrationInput
    ) -> Integration:
        step = row_id_of("Integration", input.step, "step")
        row = await integrations.confirm(session, info.context.actor, input.key, step)
        return Integration.of(row, info)

    @mutation(
        "Le ministère vérifie une déclaration ou la renvoie à l’éditeur, jamais la sienne.",
        again=find,
    )
    async def review_integration(
        self, info: Request, session: AsyncSession, input: ReviewIntegrationInput
    ) -> Integration:
        step = row_id_of("Integration", input.step, "step")
        row = await integrations.review(
            session, info.context.actor, input.key, step, input.decision, input.reason
        )
        return Integration.of(row, info)

    @mutation("Le ministère suspend une intégration qualifiée.", again=find)
    async def suspend_integration(
        self, info: Request, session: AsyncSession, input: SuspendIntegrationInput
    ) -> Integration:
        row = await integrations.suspend(session, info.context.actor, input.key, input.said)
        return Integration.of(row, info)
