from datetime import datetime
from typing import cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Token as Row
from models import TokenScope
from registry.api.context import Request
from registry.api.mutations import WriteInput, mutation
from registry.api.nodes import Node, global_id, row_id_of
from registry.auth.tokens import Issued, issue, renew
from registry.domain import tokens
from registry.domain.policy import Action
from registry.domain.tokens import TokenState, Wanted


@strawberry.type(description="Jeton d’une machine, qui agit pour son organisation.")
class Token(Node):
    row_id: strawberry.Private[int]
    name: str = strawberry.field(description="Nom.")
    siren: str = strawberry.field(description="SIREN de l’organisation.")
    siret: str | None = strawberry.field(description="SIRET de l’établissement, s’il est donné.")
    scopes: list[TokenScope] = strawberry.field(description="Ce qu’il permet.")
    state: TokenState = strawberry.field(description="État.")
    created_at: datetime = strawberry.field(description="Création.")
    expires_at: datetime = strawberry.field(description="Terme.")
    last_used_at: datetime | None = strawberry.field(
        description="Dernier usage, à la minute près ; vide : aucun."
    )
    revoked_at: datetime | None = strawberry.field(description="Révocation ; vide : aucune.")

    @classmethod
    def of(cls, row: Row) -> "Token":
        return cls(
            id=global_id("Token", row.id),
            row_id=cast("int", row.id),
            name=row.name,
            siren=row.siren,
            siret=row.siret,
            scopes=[TokenScope(scope) for scope in row.scopes],
            state=tokens.state(row),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )


@strawberry.type(description="Jeton qui vient d’être créé, avec son secret.")
class IssuedToken:
    row_id: strawberry.Private[int]
    token: Token = strawberry.field(description="Le jeton.")
    secret: str | None = strawberry.field(
        description="Le secret, montré cette seule fois ; vide quand la demande est répétée sous"
        " sa clé d’idempotence."
    )

    @classmethod
    def of(cls, issued: Issued) -> "IssuedToken":
        token = Token.of(issued.token)
        return cls(row_id=token.row_id, token=token, secret=issued.secret)


async def find(info: Request, row_id: int) -> Token | None:
    async with info.context.read() as session:
        row = await tokens.visible(session, info.context.actor, row_id)
    return None if row is None else Token.of(row)


async def find_written(info: Request, row_id: int) -> Token | None:
    """For who wrote it, with a token that may not read too."""
    async with info.context.read() as session:
        row = await tokens.visible(session, info.context.actor, row_id, Action.MANAGE_TOKENS)
    return None if row is None else Token.of(row)


async def find_without_secret(info: Request, row_id: int) -> IssuedToken | None:
    token = await find_written(info, row_id)
    return None if token is None else IssuedToken(row_id=row_id, token=token, secret=None)


@strawberry.input(description="Jeton à créer, pour sa propre organisation.")
class CreateTokenInput(WriteInput):
    name: str = strawberry.field(description="Nom, qu’aucun autre jeton en vigueur ne porte.")
    scopes: list[TokenScope] = strawberry.field(
        description="Ce qu’il permet ; un jeton n’en crée pas un qui permette plus que lui."
    )
    days: int = strawberry.field(
        description="Durée en jours, de 1 à 365 ; un jeton n’en crée pas un qui lui survive."
    )


@strawberry.input(description="Jeton à renouveler.")
class RotateTokenInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant du jeton.")
    days: int | None = strawberry.field(
        default=None,
        description="Durée du nouveau en jours, de 1 à 365 ; sinon celle de l’ancien. Un jeton ne"
        " prolonge pas son propre terme.",
    )


@strawberry.input(description="Jeton à révoquer.")
class RevokeTokenInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant du jeton.")


@strawberry.type(description="Écritures des jetons.")
class TokenMutation:
    @mutation("Crée un jeton ; son secret n’est montré qu’une fois.", again=find_without_secret)
    async def create_token(
        self, info: Request, session: AsyncSession, input: CreateTokenInput
    ) -> IssuedToken:
        actor = info.context.actor
        wanted = Wanted(input.name, input.scopes, input.days)
        return IssuedToken.of(await issue(session, actor, tokens.own(actor), wanted))

    @mutation(
        "Remplace un jeton par un nouveau de même nom ; l’ancien vaut encore 24 heures.",
        again=find_without_secret,
    )
    async def rotate_token(
        self, info: Request, session: AsyncSession, input: RotateTokenInput
    ) -> IssuedToken:
        actor = info.context.actor
        return IssuedToken.of(
            await renew(session, actor, row_id_of("Token", input.id, "id"), input.days)
        )

    @mutation("Révoque un jeton, aussitôt.", again=find_written)
    async def revoke_token(
        self, info: Request, session: AsyncSession, input: RevokeTokenInput
    ) -> Token:
        token_id = row_id_of("Token", input.id, "id")
        return Token.of(await tokens.revoke(session, info.context.actor, token_id))
