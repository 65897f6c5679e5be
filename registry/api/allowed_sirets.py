from datetime import datetime
from typing import cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import AllowedSiret as Row
from registry.api.context import Request
from registry.api.mutations import WriteInput, mutation
from registry.api.nodes import Node, global_id
from registry.domain import allowed_sirets


@strawberry.type(description="Établissement dont les agents agissent pour le ministère.")
class AllowedSiret(Node):
    row_id: strawberry.Private[int]
    siret: str = strawberry.field(description="SIRET.")
    label: str = strawberry.field(description="Nom.")
    created_at: datetime = strawberry.field(description="Inscription sur la liste.")
    removed_at: datetime | None = strawberry.field(description="Retrait ; vide : sur la liste.")

    @classmethod
    def of(cls, row: Row) -> "AllowedSiret":
        return cls(
            id=global_id("AllowedSiret", row.id),
            row_id=cast("int", row.id),
            siret=row.siret,
            label=row.label,
            created_at=row.created_at,
            removed_at=row.removed_at,
        )


async def find(info: Request, row_id: int) -> AllowedSiret | None:
    async with info.context.read() as session:
        row = await allowed_sirets.visible(session, info.context.actor, row_id)
    return None if row is None else AllowedSiret.of(row)


@strawberry.input(description="Établissement à inscrire sur la liste.")
class AllowSiretInput(WriteInput):
    siret: str = strawberry.field(description="SIRET.")
    label: str = strawberry.field(description="Nom, pour qui relit la liste.")


@strawberry.input(description="Établissement à retirer de la liste.")
class DisallowSiretInput(WriteInput):
    siret: str = strawberry.field(description="SIRET ; jamais celui de sa propre connexion.")


@strawberry.type(description="Écritures de la liste du ministère.")
class AllowedSiretMutation:
    @mutation(
        "Inscrit un établissement sur la liste du ministère ; réservé à une personne.", again=find
    )
    async def allow_siret(
        self, info: Request, session: AsyncSession, input: AllowSiretInput
    ) -> AllowedSiret:
        actor = info.context.actor
        return AllowedSiret.of(await allowed_sirets.allow(session, actor, input.siret, input.label))

    @mutation(
        "Retire un établissement de la liste, aussitôt ; réservé à une personne, et jamais pour"
        " le sien.",
        again=find,
    )
    async def disallow_siret(
        self, info: Request, session: AsyncSession, input: DisallowSiretInput
    ) -> AllowedSiret:
        actor = info.context.actor
        return AllowedSiret.of(await allowed_sirets.disallow(session, actor, input.siret))
