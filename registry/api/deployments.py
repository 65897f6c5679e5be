from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Demarche, Source
from models import Deployment as Row
from registry.api.activations import Activation
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.history import HistoryEntry, history_of
from registry.api.mutations import WriteInput, mutation
from registry.api.nodes import Node, global_id, row_id_of
from registry.api.pages import Connection
from registry.api.products import Product
from registry.domain import deployments
from registry.domain.deployments import Changes, Declaration, is_confirmed, is_in_force

if TYPE_CHECKING:
    from registry.api.collectivites import Collectivite

CollectiviteRef = Annotated["Collectivite", strawberry.lazy("registry.api.collectivites")]


@strawberry.type(description="Usage d’un logiciel par une collectivité, pour une démarche.")
class Deployment(Node):
    row: strawberry.Private[Row]
    row_id: strawberry.Private[int]
    demarche: Demarche = strawberry.field(description="Démarche.")
    since: date = strawberry.field(description="Premier jour.")
    since_approximate: bool = strawberry.field(
        description="Personne n’a dit le premier jour : celui de la déclaration en tient lieu."
    )
    until: date | None = strawberry.field(
        description="Premier jour où il n’est plus en usage ; vide : toujours en usage."
    )
    operator: str | None = strawberry.field(
        description="SIREN de l’organisme qui opère le logiciel pour la collectivité."
    )
    declared_by: Source = strawberry.field(description="Qui l’a déclaré.")
    confirmed_by: Source | None = strawberry.field(description="Qui l’a confirmé.")
    confirmed: bool = strawberry.field(
        description="Confirmé par l’autre partie, ou dit ou confirmé par le ministère."
    )
    in_force: bool = strawberry.field(description="En usage aujourd’hui.")
    version: int = strawberry.field(
        description="Sa version, à redonner pour le corriger ou y mettre fin."
    )
    history: Connection[HistoryEntry] = history_of("deployment")

    @resolved("Collectivité.")
    async def collectivite(self, info: Request) -> CollectiviteRef:
        from registry.api.collectivites import Collectivite

        row = await info.context.loaders.collectivite.load(self.row.collectivite_id)
        return Collectivite.of(row)

    @resolved("Logiciel.")
    async def product(self, info: Request) -> Product:
        row = await info.context.loaders.product.load(self.row.product_id)
        return Product.of(row)

    @resolved("État de chaque raccordement aujourd’hui.")
    async def activations(self, info: Request) -> list[Activation]:
        usage = self.row.collectivite_id, self.row.product_id, self.demarche
        rows = await info.context.loaders.activations.load(usage)
        return [Activation.of(row, info) for row in rows]

    @resolved("Celui qui le demande peut le confirmer.")
    async def confirmable(self, info: Request) -> bool:
        product = await info.context.loaders.product.load(self.row.product_id)
        return deployments.is_confirmable(info.context.actor, self.row, product)

    @resolved("Celui qui le demande peut le corriger.")
    async def correctable(self, info: Request) -> bool:
        product = await info.context.loaders.product.load(self.row.product_id)
        return deployments.is_correctable(info.context.actor, self.row, product)

    @classmethod
    def of(cls, row: Row, info: Request) -> "Deployment":
        return cls(
            id=global_id("Deployment", row.id),
            row=row,
            row_id=row.recorded_id,
            demarche=row.demarche,
            since=row.since,
            since_approximate=row.since_approximate,
            until=row.until,
            operator=row.operator,
            declared_by=row.declared_by,
            confirmed_by=None if row.confirmed_by is None else Source(row.confirmed_by),
            confirmed=is_confirmed(row),
            in_force=is_in_force(row, info.context.today),
            version=row.version,
        )


async def find(info: Request, row_id: int) -> Deployment | None:
    async with info.context.read() as session:
        row = (await deployments.by_ids(session, [row_id])).get(row_id)
    return None if row is None else Deployment.of(row, info)


@strawberry.input(description="Usage d’un logiciel à déclarer.")
class DeclareDeploymentInput(WriteInput):
    collectivite: str = strawberry.field(
        description="Collectivité : code INSEE de commune, SIREN ou SIRET."
    )
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    product: str = strawberry.field(description="Identifiant du logiciel chez l’éditeur.")
    demarche: Demarche = strawberry.field(description="Démarche, parmi celles du logiciel.")
    since: date | None = strawberry.field(
        default=None, description="Premier jour ; aujourd’hui sinon, marqué approximatif."
    )
    until: date | None = strawberry.field(
        default=None, description="Premier jour où il n’est plus en usage, s’il est connu."
    )
    operator: str | None = strawberry.field(
        default=None,
        description="SIREN de l’organisme qui opère le logiciel pour la collectivité.",
    )


@strawberry.input(description="Usage à confirmer.")
class ConfirmDeploymentInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant de l’usage.")


@strawberry.input(description="Ce qui change d’un usage ; ce qui est absent reste tel quel.")
class CorrectDeploymentInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant de l’usage.")
    version: int = strawberry.field(description="Version lue.")
    since: date | None = strawberry.field(default=None, description="Premier jour.")
    until: strawberry.Maybe[date | None] = strawberry.field(
        description="Premier jour où il n’est plus en usage ; vide : toujours en usage."
    )
    operator: strawberry.Maybe[str | None] = strawberry.field(
        description="SIREN de l’organisme qui opère le logiciel ; vide : aucun."
    )
    demarche: Demarche | None = strawberry.field(
        default=None, description="Démarche, tant que l’usage n’est pas confirmé."
    )

    @property
    def changes(self) -> Changes:
        found: Changes = {}
        if self.since is not None:
            found["since"] = self.since
        if self.until is not None:
            found["until"] = self.until.value
        if self.operator is not None:
            found["operator"] = self.operator.value
        if self.demarche is not None:
            found["demarche"] = self.demarche
        return found


@strawberry.input(description="Usage qui prend fin.")
class EndDeploymentInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant de l’usage.")
    version: int = strawberry.field(description="Version lue.")
    until: date | None = strawberry.field(
        default=None, description="Premier jour où il n’est plus en usage ; aujourd’hui sinon."
    )


@strawberry.type(description="Écritures des usages de logiciels.")
class DeploymentMutation:
    @mutation(
        "Déclare qu’une collectivité utilise un logiciel ; confirme l’usage en cours que l’autre"
        " partie a déclaré, dont les dates restent.",
        again=find,
    )
    async def declare_deployment(
        self, info: Request, session: AsyncSession, input: DeclareDeploymentInput
    ) -> Deployment:
        given = Declaration(
            collectivite=input.collectivite,
            vendor_siren=input.vendor_siren,
            product=input.product,
            demarche=input.demarche,
            since=input.since,
            until=input.until,
            operator=input.operator,
        )
        row = await deployments.declare(session, info.context.actor, given)
        return Deployment.of(row, info)

    @mutation(
        "Confirme un usage que l’autre partie a déclaré ; déjà confirmé, il reste tel quel.",
        again=find,
    )
    async def confirm_deployment(
        self, info: Request, session: AsyncSession, input: ConfirmDeploymentInput
    ) -> Deployment:
        row = await deployments.confirm(
            session, info.context.actor, row_id_of("Deployment", input.id, "id")
        )
        return Deployment.of(row, info)

    @mutation(
        "Corrige un usage, qui devient la déclaration de celui qui corrige :"
        " l’autre partie a de nouveau à le confirmer.",
        again=find,
    )
    async def correct_deployment(
        self, info: Request, session: AsyncSession, input: CorrectDeploymentInput
    ) -> Deployment:
        row = await deployments.correct(
            session,
            info.context.actor,
            row_id_of("Deployment", input.id, "id"),
            input.version,
            input.changes,
        )
        return Deployment.of(row, info)

    @mutation("Met fin à un usage ; ce qui en était confirmé le reste.", again=find)
    async def end_deployment(
        self, info: Request, session: AsyncSession, input: EndDeploymentInput
    ) -> Deployment:
        row = await deployments.end(
            session,
            info.context.actor,
            row_id_of("Deployment", input.id, "id"),
            input.version,
            input.until,
        )
        return Deployment.of(row, info)
