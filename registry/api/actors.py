from enum import StrEnum

import strawberry

from models import TokenScope
from registry.api.allowed_sirets import AllowedSiret
from registry.api.collectivites import Collectivite
from registry.api.context import Request
from registry.api.delegations import Delegation
from registry.api.fields import resolved
from registry.api.tokens import Token
from registry.api.vendors import Vendor
from registry.api.words import describe
from registry.domain import actors, allowed_sirets, delegations, tokens
from registry.domain.actor import Actor


class Role(StrEnum):
    VENDOR = "VENDOR"
    COLLECTIVITE = "COLLECTIVITE"
    OPERATOR = "OPERATOR"
    MINISTRY = "MINISTRY"


describe(
    Role,
    "Ce qu’une organisation est dans le registre.",
    {
        "VENDOR": "Éditeur de logiciels.",
        "COLLECTIVITE": "Collectivité.",
        "OPERATOR": "Opérateur d’un logiciel en usage, pour une collectivité.",
        "MINISTRY": "Établissement de la liste du ministère.",
    },
)


@strawberry.type(description="Organisation de celui qui est connecté.")
class Organisation:
    siren: str = strawberry.field(description="SIREN.")
    siret: str | None = strawberry.field(description="SIRET de l’établissement, s’il est connu.")
    label: str | None = strawberry.field(
        description="Nom donné à la connexion ; vide pour un jeton."
    )


@strawberry.type(description="Celui qui est connecté, et ce qu’il peut.")
class Me:
    organisation: Organisation = strawberry.field(description="Son organisation.")
    acts_for: list[str] = strawberry.field(
        description="SIREN des organisations pour lesquelles il agit : la sienne, puis celles qui"
        " l’ont délégué."
    )
    scopes: list[TokenScope] | None = strawberry.field(
        description="Ce que permet le jeton ; vide : c’est une personne."
    )

    @resolved("Ce que sont dans le registre les organisations pour lesquelles il agit.")
    async def roles(self, info: Request) -> list[Role]:
        async with info.context.read() as session:
            held = await actors.capacities(session, info.context.actor)
        return [role for role in Role if role.value in held]

    @resolved("Éditeurs pour lesquels il agit.")
    async def vendors(self, info: Request) -> list[Vendor]:
        ids = sorted(info.context.actor.vendors)
        return [Vendor.of(row) for row in await info.context.loaders.vendor.load_many(ids)]

    @resolved("Collectivités pour lesquelles il agit.")
    async def collectivites(self, info: Request) -> list[Collectivite]:
        ids = sorted(info.context.actor.collectivites)
        rows = await info.context.loaders.collectivite.load_many(ids)
        return [Collectivite.of(row) for row in rows]

    @resolved(
        "Jetons de sa propre organisation, les plus récents d’abord ; 200 au plus, et aucun pour un"
        " jeton sans la portée READ."
    )
    async def tokens(self, info: Request) -> list[Token]:
        async with info.context.read() as session:
            found = await tokens.seen(session, info.context.actor)
        return [Token.of(row) for row in found.rows]

    @resolved(
        "Délégations en cours de sa propre organisation, les plus récentes d’abord ; aucune pour un"
        " jeton sans la portée READ."
    )
    async def delegations(self, info: Request) -> list[Delegation]:
        async with info.context.read() as session:
            found = await delegations.of_organisation(session, info.context.actor)
        return [Delegation.of(row) for row in found.rows]

    @resolved("Liste du ministère ; vide pour qui ne la gère pas.")
    async def allowed_sirets(self, info: Request) -> list[AllowedSiret] | None:
        async with info.context.read() as session:
            found = await allowed_sirets.seen(session, info.context.actor)
        return None if found is None else [AllowedSiret.of(row) for row in found.rows]

    @classmethod
    def of(cls, actor: Actor) -> "Me | None":
        if actor.organisation is None:
            return None
        own = actor.organisation
        return cls(
            organisation=Organisation(siren=own, siret=actor.siret, label=actor.label),
            acts_for=[own, *sorted(actor.sirens - {own})],
            scopes=None if actor.scopes is None else [s for s in TokenScope if s in actor.scopes],
        )


@strawberry.type(description="Lecture de soi-même.")
class ActorQuery:
    @resolved("Celui qui est connecté ; vide quand personne ne l’est.")
    async def me(self, info: Request) -> Me | None:
        return Me.of(info.context.actor)
