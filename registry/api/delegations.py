from datetime import datetime
from typing import cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Delegation as Row
from registry.api.context import Request
from registry.api.mutations import WriteInput, mutation
from registry.api.nodes import Node, global_id, row_id_of
from registry.domain import delegations
from registry.domain.delegations import Delegate


@strawberry.type(description="Personne d’une autre organisation, qui agit pour celle-ci.")
class Delegation(Node):
    row_id: strawberry.Private[int]
    siren: str = strawberry.field(description="SIREN de l’organisation qui délègue.")
    delegate_siren: str = strawberry.field(description="SIREN de l’organisation de la personne.")
    email: str = strawberry.field(
        description="Adresse de la personne ; seule l’organisation qui délègue la voit."
    )
    created_at: datetime = strawberry.field(description="Début.")
    ended_at: datetime | None = strawberry.field(description="Fin ; vide : en cours.")

    @classmethod
    def of(cls, row: Row) -> "Delegation":
        return cls(
            id=global_id("Delegation", row.id),
            row_id=cast("int", row.id),
            siren=row.siren,
            delegate_siren=row.delegate_siren,
            email=row.email,
            created_at=row.created_at,
            ended_at=row.ended_at,
        )


async def find(info: Request, row_id: int) -> Delegation | None:
    async with info.context.read() as session:
        row = await delegations.visible(session, info.context.actor, row_id)
    return None if row is None else Delegation.of(row)


@strawberry.input(description="Personne à déléguer.")
class NameDelegateInput(WriteInput):
    siren: str = strawberry.field(description="SIREN de sa propre organisation, qui délègue.")
    email: str = strawberry.field(
        description="Adresse de la personne, telle que ProConnect la donne à sa connexion."
    )
    delegate_siren: str = strawberry.field(description="SIREN de l’organisation de la personne.")


@strawberry.input(description="Délégation à finir.")
class EndDelegationInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant de la délégation.")


@strawberry.type(description="Écritures des délégations.")
class DelegationMutation:
    @mutation(
        "Permet à une personne d’une autre organisation d’agir pour la sienne ; réservé à une"
        " personne de l’organisation elle-même.",
        again=find,
    )
    async def name_delegate(
        self, info: Request, session: AsyncSession, input: NameDelegateInput
    ) -> Delegation:
        delegate = Delegate(input.delegate_siren, input.email)
        actor = info.context.actor
        return Delegation.of(await delegations.name(session, actor, input.siren, delegate))

    @mutation("Met fin à une délégation, aussitôt.", again=find)
    async def end_delegation(
        self, info: Request, session: AsyncSession, input: EndDelegationInput
    ) -> Delegation:
        delegation_id = row_id_of("Delegation", input.id, "id")
        return Delegation.of(await delegations.end(session, info.context.actor, delegation_id))
