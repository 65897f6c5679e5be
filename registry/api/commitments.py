from datetime import date
from typing import cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Commitment as Row
from models import CommitmentState, Source, SurchargeKind
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.mutations import StepInput, mutation
from registry.api.nodes import Node, global_id
from registry.domain import commitments
from registry.domain.commitments import Key, Signature
from registry.domain.freshness import is_stale
from registry.domain.levels import ShownLevel, of_commitment
from registry.domain.transitions import CommitmentRead


@strawberry.type(description="Engagement d’un éditeur à fournir FranceConnect sans surcoût.")
class Commitment(Node):
    row_id: strawberry.Private[int]
    vendor_id: strawberry.Private[int]
    product_id: strawberry.Private[int | None]
    row: strawberry.Private[Row]
    read_for: strawberry.Private[int | None]
    state: CommitmentState = strawberry.field(
        description="État lu aujourd’hui : une signature dont le terme est passé est « expirée »."
    )
    vendor_wide: bool = strawberry.field(
        description="Vrai : pour tous les logiciels de l’éditeur ; faux : propre à un logiciel."
    )
    effective_on: date = strawberry.field(description="Date d’effet de l’état enregistré.")
    declared_by: Source = strawberry.field(description="Qui l’a déclaré.")
    charter_version: str | None = strawberry.field(description="Version de la charte signée.")
    signatory: str | None = strawberry.field(
        description="Nom du signataire ; pour l’éditeur lui-même et le ministère seuls."
    )
    signatory_capacity: str | None = strawberry.field(description="Qualité du signataire.")
    scope: list[SurchargeKind] = strawberry.field(
        description="Ce que l’éditeur s’engage à ne pas facturer."
    )
    exclusions: str | None = strawberry.field(description="Ce que l’engagement ne couvre pas.")
    valid_until: date | None = strawberry.field(
        description="Dernier jour de validité ; vide : sans terme."
    )
    evidence_url: str | None = strawberry.field(description="Adresse de la pièce justificative.")
    reason: str | None = strawberry.field(description="Motif donné par qui l’a déclaré.")
    stale: bool = strawberry.field(description="Déclaré il y a trop longtemps : à confirmer.")

    @resolved("Toutes les étapes de cet engagement, la dernière d’abord, telles qu’enregistrées.")
    async def steps(self, info: Request) -> "list[Commitment]":
        rows = await info.context.loaders.commitment_steps.load((self.vendor_id, self.product_id))
        return [Commitment.of(CommitmentRead(row, row.state), info) for row in rows]

    @resolved("Niveau de preuve ; « contesté » tant que, sur ce logiciel, un surcoût est signalé.")
    async def evidence_level(self, info: Request) -> ShownLevel:
        if self.read_for is None:
            return of_commitment(self.row, ())
        return of_commitment(self.row, await info.context.loaders.contested.load(self.read_for))

    @classmethod
    def of(cls, read: CommitmentRead, info: Request, read_for: int | None = None) -> "Commitment":
        """``read_for`` is the product that it is read for, which it may apply to by default."""
        row, context = read.row, info.context
        return cls(
            id=global_id("Commitment", row.id),
            row_id=cast("int", row.id),
            vendor_id=row.vendor_id,
            product_id=row.product_id,
            row=row,
            read_for=row.product_id if read_for is None else read_for,
            state=read.state,
            vendor_wide=row.product_id is None,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            charter_version=row.charter_version,
            signatory=commitments.signatory(context.actor, row),
            signatory_capacity=row.signatory_capacity,
            scope=[SurchargeKind(kind) for kind in row.scope],
            exclusions=row.exclusions,
            valid_until=row.valid_until,
            evidence_url=row.evidence_url,
            reason=row.reason,
            stale=is_stale(row.effective_on, context.today, context.stale_after_months),
        )


async def find(info: Request, row_id: int) -> Commitment | None:
    async with info.context.read() as session:
        row = (await commitments.by_ids(session, [row_id])).get(row_id)
    return None if row is None else _as_read(row, info)


def _as_read(row: Row, info: Request) -> Commitment:
    return Commitment.of(commitments.read(row, info.context.today), info)


@strawberry.input(description="De quel engagement il s’agit.")
class CommitmentStepInput(StepInput):
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    product: str | None = strawberry.field(
        default=None,
        description="Identifiant du logiciel ; absent : pour tous les logiciels de l’éditeur.",
    )

    @property
    def key(self) -> Key:
        return Key(self.vendor_siren, self.product)


@strawberry.input(description="Signature de l’engagement sans surcoût.")
class SignCommitmentInput(CommitmentStepInput):
    charter_version: str = strawberry.field(
        description="Version de la charte lue et signée : celle de la campagne."
    )
    signatory: str = strawberry.field(description="Nom de la personne qui engage l’éditeur.")
    signatory_capacity: str = strawberry.field(description="En quelle qualité elle l’engage.")
    scope: list[SurchargeKind] = strawberry.field(
        description="Ce que l’éditeur ne facturera pas : tout ce que la charte compte comme"
        " surcoût."
    )
    exclusions: str | None = strawberry.field(
        default=None, description="Ce que l’engagement ne couvre pas."
    )
    valid_until: date | None = strawberry.field(
        default=None, description="Dernier jour de validité ; absent : sans terme."
    )

    @property
    def signature(self) -> Signature:
        return Signature(
            self.charter_version,
            self.signatory,
            self.signatory_capacity,
            tuple(self.scope),
            self.exclusions,
            self.valid_until,
        )


@strawberry.type(description="Écritures des engagements.")
class CommitmentMutation:
    @mutation("L’éditeur signe l’engagement sans surcoût.", again=find)
    async def sign_commitment(
        self, info: Request, session: AsyncSession, input: SignCommitmentInput
    ) -> Commitment:
        row = await commitments.sign(
            session, info.context.actor, input.key, input.signature, input.said
        )
        return _as_read(row, info)

    @mutation("L’éditeur refuse de s’engager.", again=find)
    async def decline_commitment(
        self, info: Request, session: AsyncSession, input: CommitmentStepInput
    ) -> Commitment:
        row = await commitments.decline(session, info.context.actor, input.key, input.said)
        return _as_read(row, info)

    @mutation("L’éditeur retire son engagement.", again=find)
    async def withdraw_commitment(
        self, info: Request, session: AsyncSession, input: CommitmentStepInput
    ) -> Commitment:
        row = await commitments.withdraw(session, info.context.actor, input.key, input.said)
        return _as_read(row, info)

    @mutation("Le ministère invite un éditeur à s’engager.", again=find)
    async def invite_commitment(
        self, info: Request, session: AsyncSession, input: CommitmentStepInput
    ) -> Commitment:
        row = await commitments.invite(session, info.context.actor, input.key, input.said)
        return _as_read(row, info)

    @mutation(
        "Après un manquement, le ministère rétablit la dernière signature, telle qu’elle fut"
        " donnée ; le motif est obligatoire.",
        again=find,
    )
    async def accept_commitment(
        self, info: Request, session: AsyncSession, input: CommitmentStepInput
    ) -> Commitment:
        row = await commitments.accept(session, info.context.actor, input.key, input.said)
        return _as_read(row, info)
