from datetime import date
from functools import partial
from typing import Annotated, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Collectivite as Row
from models import CollectiviteKind, Demarche, Stratum
from registry.api import grants
from registry.api.context import Request
from registry.api.deployments import Deployment
from registry.api.disputes import types as disputes
from registry.api.disputes.types import Dispute
from registry.api.fields import resolved
from registry.api.grants import GrantClaim
from registry.api.history import HistoryEntry, history_of
from registry.api.loaders import ReadinessArguments
from registry.api.mutations import WriteInput, mutation
from registry.api.next_steps import NextStep
from registry.api.nodes import Node, global_id
from registry.api.pages import After, Before, Connection, First, Last, connection
from registry.domain import collectivites
from registry.domain.collectivites import CollectiviteFilter, CollectiviteOrder
from registry.domain.disputes.reading import Holder
from registry.domain.pages import Page
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Basis


@strawberry.type(description="Collectivité ou organisme public qui propose des démarches.")
class Collectivite(Node):
    row_id: strawberry.Private[int]
    epci_id: strawberry.Private[int | None]
    code: str = strawberry.field(description="Code INSEE d’une commune, sinon SIREN.")
    insee: str | None = strawberry.field(description="Code INSEE, pour une commune.")
    siren: str | None = strawberry.field(description="SIREN ; vide : inconnu.")
    name: str = strawberry.field(description="Nom.")
    kind: CollectiviteKind = strawberry.field(description="Nature.")
    strata: list[Stratum] = strawberry.field(description="Strates où elle compte.")
    departements: list[str] = strawberry.field(description="Codes de ses départements (COG).")
    regions: list[str] = strawberry.field(description="Codes de ses régions (COG).")
    population: int | None = strawberry.field(description="Habitants ; vide : inconnu.")
    postal_codes: list[str] = strawberry.field(
        description="Ses codes postaux, pour une commune : aucun ne la désigne à lui seul."
    )
    closed_on: date | None = strawberry.field(
        description="Date de sa disparition ; vide : elle existe."
    )
    no_online_demarche_since: date | None = strawberry.field(
        description="Date depuis laquelle elle déclare ne proposer aucune démarche en ligne."
    )
    history: Connection[HistoryEntry] = history_of("collectivite")

    @resolved("SIREN de son intercommunalité.")
    async def epci(self, info: Request) -> str | None:
        if self.epci_id is None:
            return None
        return (await info.context.loaders.collectivite.load(self.epci_id)).siren

    @resolved("Où elle en est.")
    async def readiness(
        self,
        info: Request,
        demarche: Annotated[
            Demarche | None, strawberry.argument(description="Pour cette démarche seule.")
        ] = None,
        as_of: Annotated[
            date | None, strawberry.argument(description="Date de lecture ; aujourd’hui sinon.")
        ] = None,
        basis: Annotated[
            Basis | None, strawberry.argument(description="Usages pris en compte.")
        ] = Basis.DECLARED,
    ) -> Readiness:
        asked = ReadinessArguments(demarche, as_of, basis or Basis.DECLARED)
        return await info.context.loaders.readiness.load((self.row_id, asked))

    @resolved("Ses usages de logiciels, par clé du logiciel, démarche et premier jour.")
    async def deployments(
        self,
        info: Request,
        *,
        in_force: Annotated[
            bool | None, strawberry.argument(description="Ceux d’aujourd’hui seulement.")
        ] = True,
    ) -> list[Deployment]:
        day = None if in_force is False else info.context.today
        rows = await info.context.loaders.deployments.load((self.row_id, day))
        return [Deployment.of(row, info) for row in rows]

    @resolved("Ce qu’elle peut faire maintenant.")
    async def next_step(self, info: Request) -> NextStep:
        asked = self.row_id, info.context.actor
        return NextStep.of(await info.context.loaders.next_step.load(asked))

    @resolved("Contestations de la collectivité que l’on peut lire, la dernière ouverte d’abord.")
    async def disputes(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Dispute]:
        page = Page(first, after, last, before)
        return await disputes.listed(info, Holder.COLLECTIVITE, self.row_id, page)

    @resolved("Ses demandes de subvention, la dernière d’abord ; pour elle et le ministère.")
    async def grant_claims(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[GrantClaim]:
        return await grants.listed(info, self.row_id, Page(first, after, last, before))

    @classmethod
    def of(cls, row: Row) -> "Collectivite":
        return cls(
            id=global_id("Collectivite", row.id),
            row_id=cast("int", row.id),
            epci_id=row.epci_id,
            code=cast("str", row.code),
            insee=row.insee,
            siren=row.siren,
            name=row.name,
            kind=row.kind,
            strata=[Stratum(stratum) for stratum in row.strata],
            departements=row.departements,
            regions=row.regions,
            population=row.population,
            closed_on=row.closed_on,
            postal_codes=row.postal_codes,
            no_online_demarche_since=row.no_online_demarche_since,
        )


@strawberry.input(
    name="CollectiviteFilter",
    description="Ce que doit vérifier une collectivité ; celles qui ont disparu sont écartées.",
)
class CollectiviteFilterInput:
    text: str | None = strawberry.field(
        default=None, description="Débuts de mots du nom, sans accents ni casse."
    )
    kinds: list[CollectiviteKind] | None = strawberry.field(
        default=None, description="Natures retenues."
    )
    strata: list[Stratum] | None = strawberry.field(default=None, description="Strates retenues.")
    departement: str | None = strawberry.field(
        default=None, description="Code du département (COG)."
    )
    region: str | None = strawberry.field(default=None, description="Code de la région (COG).")
    epci: str | None = strawberry.field(
        default=None, description="SIREN d’une intercommunalité : elle-même et ses membres."
    )
    min_population: int | None = strawberry.field(
        default=None, description="Nombre minimal d’habitants."
    )
    max_population: int | None = strawberry.field(
        default=None, description="Nombre maximal d’habitants."
    )

    def to_domain(self) -> CollectiviteFilter:
        return CollectiviteFilter(
            text=self.text,
            kinds=tuple(self.kinds or ()),
            strata=tuple(self.strata or ()),
            departement=self.departement,
            region=self.region,
            epci=self.epci,
            min_population=self.min_population,
            max_population=self.max_population,
        )


async def find(info: Request, row_id: int) -> Collectivite | None:
    async with info.context.read() as session:
        row = (await collectivites.by_ids(session, [row_id])).get(row_id)
    return None if row is None else Collectivite.of(row)


@strawberry.type(description="Lectures des collectivités.")
class CollectiviteQuery:
    @resolved("Une collectivité par son code ; un code disparu donne celle qui lui succède.")
    async def collectivite(
        self,
        info: Request,
        code: Annotated[
            str, strawberry.argument(description="Code INSEE de commune, SIREN ou SIRET.")
        ],
    ) -> Collectivite | None:
        async with info.context.read() as session:
            row = await collectivites.by_code(session, code)
        return None if row is None else Collectivite.of(row)

    @resolved("Les collectivités qui existent.")
    async def collectivites(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            CollectiviteFilterInput | None, strawberry.argument(description="Filtre.")
        ] = None,
        order_by: Annotated[
            CollectiviteOrder | None,
            strawberry.argument(description="Ordre de la liste ; par nom sinon."),
        ] = None,
    ) -> Connection[Collectivite]:
        wanted = filter.to_domain() if filter else CollectiviteFilter()
        page = Page(first, after, last, before)
        async with info.context.read() as session:
            found = await collectivites.listed(
                session, page, wanted, order_by or CollectiviteOrder.NAME_ASC
            )
        return connection(found, Collectivite.of, partial(_count, info, wanted))


async def _count(info: Request, wanted: CollectiviteFilter) -> int:
    async with info.context.read() as session:
        return await collectivites.count(session, wanted)


@strawberry.input(description="Collectivité qui ne propose aucune démarche en ligne.")
class DeclareNoOnlineDemarcheInput(WriteInput):
    collectivite: str = strawberry.field(description="Son code INSEE, son SIREN ou son SIRET.")
    since: date | None = strawberry.field(
        default=None, description="Depuis ce jour ; aujourd’hui sinon."
    )


@strawberry.input(description="Collectivité qui n’est plus sans démarche en ligne.")
class WithdrawNoOnlineDemarcheInput(WriteInput):
    collectivite: str = strawberry.field(description="Son code INSEE, son SIREN ou son SIRET.")


@strawberry.type(description="Écritures des collectivités.")
class CollectiviteMutation:
    @mutation("La collectivité déclare ne proposer aucune démarche en ligne.", again=find)
    async def declare_no_online_demarche(
        self, info: Request, session: AsyncSession, input: DeclareNoOnlineDemarcheInput
    ) -> Collectivite:
        row = await collectivites.declare_no_online_demarche(
            session, info.context.actor, input.collectivite, input.since
        )
        return Collectivite.of(row)

    @mutation("La collectivité retire sa déclaration d’absence de démarche en ligne.", again=find)
    async def withdraw_no_online_demarche(
        self, info: Request, session: AsyncSession, input: WithdrawNoOnlineDemarcheInput
    ) -> Collectivite:
        row = await collectivites.withdraw_no_online_demarche(
            session, info.context.actor, input.collectivite
        )
        return Collectivite.of(row)
