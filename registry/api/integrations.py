from datetime import date

import strawberry

from models import Feed, IntegrationState, Service, Source
from models import Integration as Row
from registry.api.context import Request
from registry.api.fields import resolved
from registry.domain.freshness import is_stale
from registry.domain.integrations import is_late
from registry.domain.levels import ShownLevel, of_integration


@strawberry.type(description="État de l’intégration d’un service de l’État dans un logiciel.")
class Integration:
    row: strawberry.Private[Row]
    service: Service = strawberry.field(description="Service intégré.")
    state: IntegrationState = strawberry.field(description="État.")
    effective_on: date = strawberry.field(description="Date d’effet.")
    declared_by: Source = strawberry.field(description="Qui l’a déclaré.")
    evidence_url: str | None = strawberry.field(description="Adresse de la pièce justificative.")
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
            row=row,
            service=row.service,
            state=row.state,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            evidence_url=row.evidence_url,
            feeds=[Feed(feed) for feed in row.feeds],
            target_date=row.target_date,
            min_version=row.min_version,
            late=is_late(row, context.today),
            stale=is_stale(row.effective_on, context.today, context.stale_after_months),
        )
