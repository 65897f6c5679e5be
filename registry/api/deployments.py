from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from models import Demarche, Source
from models import Deployment as Row
from registry.api.activations import Activation
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.nodes import Node, global_id
from registry.api.products import Product
from registry.domain import deployments
from registry.domain.deployments import is_confirmed, is_in_force

if TYPE_CHECKING:
    from registry.api.collectivites import Collectivite

CollectiviteRef = Annotated["Collectivite", strawberry.lazy("registry.api.collectivites")]


@strawberry.type(description="Usage d’un logiciel par une collectivité, pour une démarche.")
class Deployment(Node):
    collectivite_id: strawberry.Private[int]
    product_id: strawberry.Private[int]
    demarche: Demarche = strawberry.field(description="Démarche.")
    since: date = strawberry.field(description="Premier jour.")
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

    @resolved("Collectivité.")
    async def collectivite(self, info: Request) -> CollectiviteRef:
        from registry.api.collectivites import Collectivite

        row = await info.context.loaders.collectivite.load(self.collectivite_id)
        return Collectivite.of(row)

    @resolved("Logiciel.")
    async def product(self, info: Request) -> Product:
        row = await info.context.loaders.product.load(self.product_id)
        return Product.of(row)

    @resolved("État de chaque raccordement aujourd’hui.")
    async def activations(self, info: Request) -> list[Activation]:
        usage = self.collectivite_id, self.product_id, self.demarche
        rows = await info.context.loaders.activations.load(usage)
        return [Activation.of(row, info) for row in rows]

    @classmethod
    def of(cls, row: Row, info: Request) -> "Deployment":
        return cls(
            id=global_id("Deployment", row.id),
            collectivite_id=row.collectivite_id,
            product_id=row.product_id,
            demarche=row.demarche,
            since=row.since,
            until=row.until,
            operator=row.operator,
            declared_by=row.declared_by,
            confirmed_by=None if row.confirmed_by is None else Source(row.confirmed_by),
            confirmed=is_confirmed(row),
            in_force=is_in_force(row, info.context.today),
        )


async def find(info: Request, row_id: int) -> Deployment | None:
    async with info.context.read() as session:
        row = (await deployments.by_ids(session, [row_id])).get(row_id)
    return None if row is None else Deployment.of(row, info)
