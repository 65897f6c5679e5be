from datetime import date

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Activation as Row
from models import ActivationState, Demarche, Service, Source
from registry.api.context import Request
from registry.api.mutations import StepInput, mutation
from registry.domain import activations
from registry.domain.activations import Step
from registry.domain.freshness import is_stale


@strawberry.type(description="Raccordement : mise en service d’un service de l’État.")
class Activation:
    row_id: strawberry.Private[int]
    service: Service = strawberry.field(description="Service raccordé.")
    state: ActivationState = strawberry.field(description="État.")
    effective_on: date = strawberry.field(description="Date d’effet.")
    declared_by: Source = strawberry.field(description="Qui l’a déclaré.")
    stale: bool = strawberry.field(description="Déclaré il y a trop longtemps : à confirmer.")

    @classmethod
    def of(cls, row: Row, info: Request) -> "Activation":
        context = info.context
        return cls(
            row_id=row.recorded_id,
            service=row.service,
            state=row.state,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            stale=is_stale(row.effective_on, context.today, context.stale_after_months),
        )


async def find(info: Request, row_id: int) -> Activation | None:
    async with info.context.read() as session:
        row = await activations.by_id(session, row_id)
    return None if row is None else Activation.of(row, info)


@strawberry.input(description="Étape d’un raccordement, sur un usage déclaré.")
class RecordActivationInput(StepInput):
    collectivite: str = strawberry.field(
        description="Collectivité : code INSEE de commune, SIREN ou SIRET."
    )
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    product: str = strawberry.field(description="Identifiant du logiciel chez l’éditeur.")
    demarche: Demarche = strawberry.field(description="Démarche.")
    service: Service = strawberry.field(description="Service raccordé.")
    state: ActivationState = strawberry.field(description="État atteint.")


@strawberry.type(description="Écritures des raccordements.")
class ActivationMutation:
    @mutation("Enregistre l’étape d’un raccordement.", again=find)
    async def record_activation(
        self, info: Request, session: AsyncSession, input: RecordActivationInput
    ) -> Activation:
        step = Step(
            collectivite=input.collectivite,
            vendor_siren=input.vendor_siren,
            product=input.product,
            demarche=input.demarche,
            service=input.service,
            state=input.state,
        )
        row = await activations.record(session, info.context.actor, step, input.said)
        return Activation.of(row, info)
