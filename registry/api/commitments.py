from datetime import date

import strawberry

from models import Commitment as Row
from models import CommitmentState, Source
from registry.api.context import Request
from registry.api.fields import resolved
from registry.domain.commitments import CommitmentRead
from registry.domain.freshness import is_stale
from registry.domain.levels import ShownLevel, of_commitment


@strawberry.type(description="Engagement d’un éditeur à fournir FranceConnect sans surcoût.")
class Commitment:
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
    exclusions: str | None = strawberry.field(description="Ce que l’engagement ne couvre pas.")
    valid_until: date | None = strawberry.field(
        description="Dernier jour de validité ; vide : sans terme."
    )
    evidence_url: str | None = strawberry.field(description="Adresse de la pièce justificative.")
    stale: bool = strawberry.field(description="Déclaré il y a trop longtemps : à confirmer.")

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
            row=row,
            read_for=row.product_id if read_for is None else read_for,
            state=read.state,
            vendor_wide=row.product_id is None,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            charter_version=row.charter_version,
            exclusions=row.exclusions,
            valid_until=row.valid_until,
            evidence_url=row.evidence_url,
            stale=is_stale(row.effective_on, context.today, context.stale_after_months),
        )
