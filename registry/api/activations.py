from datetime import date

import strawberry

from models import Activation as Row
from models import ActivationState, Service, Source
from registry.api.context import Request
from registry.domain.freshness import is_stale


@strawberry.type(description="Raccordement : mise en service d’un service de l’État.")
class Activation:
    service: Service = strawberry.field(description="Service raccordé.")
    state: ActivationState = strawberry.field(description="État.")
    effective_on: date = strawberry.field(description="Date d’effet.")
    declared_by: Source = strawberry.field(description="Qui l’a déclaré.")
    stale: bool = strawberry.field(description="Déclaré il y a trop longtemps : à confirmer.")

    @classmethod
    def of(cls, row: Row, info: Request) -> "Activation":
        context = info.context
        return cls(
            service=row.service,
            state=row.state,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            stale=is_stale(row.effective_on, context.today, context.stale_after_months),
        )
