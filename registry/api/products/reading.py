from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from models import DeliveryModel, Demarche
from models import Product as Row
from registry.api import clients
from registry.api.commitments import Commitment
from registry.api.context import Request
from registry.api.disputes import types as disputes
from registry.api.disputes.types import Dispute
from registry.api.fields import resolved
from registry.api.history import HistoryEntry, history_of
from registry.api.integrations import Integration
from registry.api.nodes import Node, global_id
from registry.api.pages import After, Before, Connection, First, Last, connection
from registry.domain import products
from registry.domain.clients import ClientsOf
from registry.domain.disputes.reading import Holder
from registry.domain.pages import Page
from registry.domain.products import ProductFilter, ProductOrder
from registry.domain.rollout.verdicts import Verdict

if TYPE_CHECKING:
    from registry.api.vendors import Vendor

VendorRef = Annotated["Vendor", strawberry.lazy("registry.api.vendors")]

OrderBy = Annotated[
    ProductOrder | None, strawberry.argument(description="Ordre de la liste ; par nom sinon.")
]


@strawberry.type(description="Ce qui désigne un logiciel.")
class ProductKey:
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    slug: str = strawberry.field(description="Identifiant du logiciel chez cet éditeur.")


@strawberry.type(description="Logiciel d’un éditeur.")
class Product(Node):
    vendor_id: strawberry.Private[int]
    row_id: strawberry.Private[int]
    slug: str = strawberry.field(description="Identifiant du logiciel chez son éditeur.")
    name: str = strawberry.field(description="Nom.")
    delivery_model: DeliveryModel | None = strawberry.field(
        description="Mode de fourniture ; vide : inconnu."
    )
    citizen_login: bool = strawberry.field(
        description="L’usager s’y connecte : sinon FranceConnect n’y a pas lieu d’être."
    )
    demarches: list[Demarche] = strawberry.field(description="Démarches couvertes.")
    retired_on: date | None = strawberry.field(
        description="Jour à partir duquel il n’a plus de nouveau client ; vide : il est proposé."
    )
    version: int = strawberry.field(description="À rappeler pour modifier sa fiche.")
    history: Connection[HistoryEntry] = history_of("product")

    @resolved("Clés qu’il a eues, et qui le désignent toujours.")
    async def former_keys(self, info: Request) -> list[ProductKey]:
        keys = await info.context.loaders.former_keys.load(self.row_id)
        return [ProductKey(vendor_siren=siren, slug=slug) for siren, slug in keys]

    @resolved("Usages d’aujourd’hui, un à un : pour son éditeur et le ministère.")
    async def clients(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: clients.Filter = None,
    ) -> Connection[clients.DeploymentRef]:
        page = Page(first, after, last, before)
        return await clients.page(
            info, ClientsOf.PRODUCT, self.row_id, self.vendor_id, page, filter
        )

    @resolved("Éditeur.")
    async def vendor(self, info: Request) -> VendorRef:
        from registry.api.vendors import Vendor

        row = await info.context.loaders.vendor.load(self.vendor_id)
        return Vendor.of(row)

    @resolved("État de chaque service aujourd’hui.")
    async def integrations(self, info: Request) -> list[Integration]:
        rows = await info.context.loaders.integrations.load(self.row_id)
        return [Integration.of(row, info) for row in rows]

    @resolved("Toutes les déclarations d’intégration, la dernière d’abord.")
    async def integration_history(self, info: Request) -> list[Integration]:
        rows = await info.context.loaders.integration_history.load(self.row_id)
        return [Integration.of(row, info) for row in rows]

    @resolved("Engagement qui s’applique : celui du logiciel, sinon celui de l’éditeur.")
    async def commitment(self, info: Request) -> Commitment | None:
        read = await info.context.loaders.product_commitment.load(self.row_id)
        return None if read is None else Commitment.of(read, info, self.row_id)

    @resolved("Ce que le logiciel permet à ses clients.")
    async def verdict(
        self,
        info: Request,
        as_of: Annotated[
            date | None, strawberry.argument(description="Date de lecture ; aujourd’hui sinon.")
        ] = None,
    ) -> Verdict:
        return await info.context.loaders.verdict.load((self.row_id, as_of))

    @resolved("Collectivités distinctes qui s’en servent aujourd’hui.")
    async def client_count(self, info: Request) -> int:
        return await info.context.loaders.client_count.load(self.row_id)

    @resolved("Nombre de contestations en cours sur ce logiciel.")
    async def open_dispute_count(self, info: Request) -> int:
        return await info.context.loaders.open_disputes.load((self.row_id, Holder.PRODUCT))

    @resolved("Contestations de ce logiciel que l’on peut lire, la dernière ouverte d’abord.")
    async def disputes(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Dispute]:
        page = Page(first, after, last, before)
        return await disputes.listed(info, Holder.PRODUCT, self.row_id, page)

    @classmethod
    def of(cls, row: Row) -> "Product":
        return cls(
            id=global_id("Product", row.id),
            row_id=cast("int", row.id),
            vendor_id=row.vendor_id,
            slug=row.slug,
            name=row.name,
            delivery_model=row.delivery_model,
            citizen_login=row.citizen_login,
            demarches=[Demarche(demarche) for demarche in row.demarches],
            retired_on=row.retired_on,
            version=row.version,
        )


@strawberry.input(name="ProductFilter", description="Ce que doit vérifier un logiciel.")
class ProductFilterInput:
    text: str | None = strawberry.field(
        default=None, description="Débuts de mots du nom, sans accents ni casse."
    )
    vendor_siren: str | None = strawberry.field(default=None, description="SIREN de l’éditeur.")
    demarche: Demarche | None = strawberry.field(default=None, description="Démarche couverte.")
    citizen_login: bool | None = strawberry.field(
        default=None, description="L’usager s’y connecte, ou non."
    )
    delivery_model: DeliveryModel | None = strawberry.field(
        default=None, description="Mode de fourniture."
    )
    retired: bool | None = strawberry.field(
        default=None, description="Retiré à ce jour, ou non ; les deux sinon."
    )

    def to_domain(self) -> ProductFilter:
        return ProductFilter(
            text=self.text,
            vendor_siren=self.vendor_siren,
            demarche=self.demarche,
            citizen_login=self.citizen_login,
            delivery_model=self.delivery_model,
            retired=self.retired,
        )


async def find(info: Request, row_id: int) -> Product | None:
    async with info.context.read() as session:
        row = (await products.by_ids(session, [row_id])).get(row_id)
    return None if row is None else Product.of(row)


@strawberry.type(description="Lectures des logiciels.")
class ProductQuery:
    @resolved("Un logiciel par sa clé ; une ancienne clé donne celui qu’il est devenu.")
    async def product(
        self,
        info: Request,
        vendor_siren: Annotated[str, strawberry.argument(description="SIREN de l’éditeur.")],
        slug: Annotated[str, strawberry.argument(description="Identifiant du logiciel.")],
    ) -> Product | None:
        async with info.context.read() as session:
            row = await products.by_key(session, vendor_siren, slug)
        return None if row is None else Product.of(row)

    @resolved("Les logiciels.")
    async def products(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ProductFilterInput | None, strawberry.argument(description="Filtre.")
        ] = None,
        order_by: OrderBy = None,
    ) -> Connection[Product]:
        wanted = filter.to_domain() if filter else ProductFilter()
        page = Page(first, after, last, before)
        async with info.context.read() as session:
            found = await products.listed(session, page, wanted, order_by or ProductOrder.NAME_ASC)
        return connection(found, Product.of, partial(_count, info, wanted))


async def _count(info: Request, wanted: ProductFilter) -> int:
    async with info.context.read() as session:
        return await products.count(session, wanted)
