from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import CommitmentState
from models import Vendor as Row
from registry.api import clients
from registry.api.commitments import Commitment
from registry.api.context import Request
from registry.api.disputes import types as disputes
from registry.api.disputes.types import Dispute
from registry.api.fields import resolved
from registry.api.history import HistoryEntry, history_of
from registry.api.loaders import ProductsArguments
from registry.api.mutations import WriteInput, given, mutation
from registry.api.nodes import Node, global_id
from registry.api.pages import After, Before, Connection, First, Last, connection
from registry.api.products import OrderBy as ProductsOrderBy
from registry.api.products import Product
from registry.domain import mergers, vendors
from registry.domain.clients import ClientsOf
from registry.domain.disputes.reading import Holder
from registry.domain.pages import Page
from registry.domain.products import ProductOrder
from registry.domain.vendors import VendorDetails, VendorFilter, VendorOrder

if TYPE_CHECKING:
    from registry.api.rollout import BlockerConnection

BlockerConnectionRef = Annotated["BlockerConnection", strawberry.lazy("registry.api.rollout")]


@strawberry.type(description="Éditeur de logiciels : une unité légale.")
class Vendor(Node):
    row_id: strawberry.Private[int]
    parent_id: strawberry.Private[int | None]
    merged_into_id: strawberry.Private[int | None]
    siren: str = strawberry.field(description="SIREN.")
    name: str = strawberry.field(description="Nom.")
    website: str | None = strawberry.field(description="Site web.")
    contact: str | None = strawberry.field(
        description="Boîte fonctionnelle ou page de contact ; jamais une personne."
    )
    claimed: bool = strawberry.field(
        description="L’un des siens a pris sa fiche en charge ; sinon le ministère l’a créée."
    )
    statement: str | None = strawberry.field(
        description="Ce qu’il tient à faire lire partout où il est nommé comme bloquant."
    )
    statement_on: date | None = strawberry.field(description="Jour de cette déclaration.")
    version: int = strawberry.field(description="À rappeler pour modifier sa fiche.")
    history: Connection[HistoryEntry] = history_of("vendor")

    @resolved("Éditeur auquel celui-ci a été réuni : son SIREN le désigne désormais.")
    async def merged_into(self, info: Request) -> "Vendor | None":
        if self.merged_into_id is None:
            return None
        return Vendor.of(await info.context.loaders.vendor.load(self.merged_into_id))

    @resolved("Éditeur dont celui-ci dépend.")
    async def parent(self, info: Request) -> "Vendor | None":
        if self.parent_id is None:
            return None
        return Vendor.of(await info.context.loaders.vendor.load(self.parent_id))

    @resolved("Engagement pris pour tous ses logiciels.")
    async def commitment(self, info: Request) -> Commitment | None:
        read = await info.context.loaders.vendor_commitment.load(self.row_id)
        return None if read is None else Commitment.of(read, info)

    @resolved("Ses logiciels.")
    async def products(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: ProductsOrderBy = None,
    ) -> Connection[Product]:
        loaders = info.context.loaders
        asked = ProductsArguments(
            Page(first, after, last, before), order_by or ProductOrder.NAME_ASC
        )
        found = await loaders.products.load((self.row_id, asked))
        return connection(found, Product.of, partial(loaders.product_count.load, self.row_id))

    @resolved("Usages de ses logiciels aujourd’hui : pour l’éditeur lui-même et le ministère.")
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
        return await clients.page(info, ClientsOf.VENDOR, self.row_id, self.row_id, page, filter)

    @resolved("Ses logiciels qui bloquent, à leur rang dans tout le pays aujourd’hui.")
    async def blocking(
        self, info: Request, first: First = None, after: After = None
    ) -> BlockerConnectionRef:
        from registry.api.rollout import BlockerConnection

        asked = Page(first=first, after=after)
        return BlockerConnection.of(await info.context.loaders.blocking.load((self.row_id, asked)))

    @resolved("Nombre de contestations en cours sur ses logiciels.")
    async def open_dispute_count(self, info: Request) -> int:
        return await info.context.loaders.open_disputes.load((self.row_id, Holder.VENDOR))

    @resolved("Contestations de ses logiciels que l’on peut lire, la dernière ouverte d’abord.")
    async def disputes(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Dispute]:
        page = Page(first, after, last, before)
        return await disputes.listed(info, Holder.VENDOR, self.row_id, page)

    @classmethod
    def of(cls, row: Row) -> "Vendor":
        return cls(
            id=global_id("Vendor", row.id),
            row_id=cast("int", row.id),
            parent_id=row.parent_id,
            merged_into_id=row.merged_into_id,
            siren=row.siren,
            name=row.name,
            website=row.website,
            contact=row.contact,
            claimed=row.claimed_on is not None,
            statement=row.statement,
            statement_on=row.statement_on,
            version=row.version,
        )


@strawberry.input(name="VendorFilter", description="Ce que doit vérifier un éditeur.")
class VendorFilterInput:
    text: str | None = strawberry.field(
        default=None, description="Débuts de mots du nom ou du SIREN, sans accents ni casse."
    )
    sirens: list[str] | None = strawberry.field(default=None, description="SIREN retenus.")
    commitment: CommitmentState | None = strawberry.field(
        default=None, description="Ce que dit aujourd’hui l’engagement pour tous ses logiciels."
    )

    def to_domain(self) -> VendorFilter:
        sirens = None if self.sirens is None else tuple(self.sirens)
        return VendorFilter(text=self.text, sirens=sirens, commitment=self.commitment)


async def find(info: Request, row_id: int) -> Vendor | None:
    async with info.context.read() as session:
        row = (await vendors.by_ids(session, [row_id])).get(row_id)
    return None if row is None else Vendor.of(row)


@strawberry.input(description="Fiche d’un éditeur.")
class VendorInput(WriteInput):
    name: str = strawberry.field(description="Nom.")
    website: str | None = strawberry.field(default=None, description="Site web.")
    contact: str | None = strawberry.field(
        default=None, description="Boîte fonctionnelle ou page de contact ; jamais une personne."
    )
    parent_siren: str | None = strawberry.field(
        default=None, description="SIREN de l’éditeur dont celui-ci dépend."
    )

    @property
    def details(self) -> VendorDetails:
        return VendorDetails(self.name, self.website, self.contact, self.parent_siren)


@strawberry.input(description="Éditeur à inscrire.")
class RegisterVendorInput(VendorInput):
    siren: str = strawberry.field(description="SIREN : celui de l’organisation connectée.")


@strawberry.input(description="Éditeur à créer, que l’un des siens pourra prendre en charge.")
class CreateVendorInput(VendorInput):
    siren: str = strawberry.field(description="SIREN.")


@strawberry.input(description="Ce qui change dans la fiche d’un éditeur ; le reste demeure.")
class EditVendorInput(WriteInput):
    siren: str = strawberry.field(description="SIREN de l’éditeur.")
    version: int = strawberry.field(description="Version de la fiche telle qu’elle a été lue.")
    name: strawberry.Maybe[str] = strawberry.field(default=None, description="Nom.")
    website: strawberry.Maybe[str | None] = strawberry.field(
        default=None, description="Site web ; null : inconnu."
    )
    contact: strawberry.Maybe[str | None] = strawberry.field(
        default=None,
        description="Boîte fonctionnelle ou page de contact, jamais une personne ; null : aucune.",
    )
    parent_siren: strawberry.Maybe[str | None] = strawberry.field(
        default=None, description="SIREN de l’éditeur dont celui-ci dépend ; null : aucun."
    )


@strawberry.input(description="Ce qu’un éditeur tient à faire lire là où il est dit bloquant.")
class PublishStatementInput(WriteInput):
    siren: str = strawberry.field(description="SIREN de l’éditeur.")
    statement: str | None = strawberry.field(
        default=None, description="500 caractères au plus ; null : plus rien."
    )


@strawberry.input(description="Deux fiches d’un même éditeur.")
class MergeVendorsInput(WriteInput):
    siren: str = strawberry.field(
        description="SIREN de la fiche qui disparaît des listes : il désignera l’autre."
    )
    target_siren: str = strawberry.field(
        description="SIREN de la fiche qui reçoit logiciels et filiales."
    )


@strawberry.type(description="Écritures des éditeurs.")
class VendorMutation:
    @mutation("Inscrit son organisation comme éditeur, ou prend en charge sa fiche.", again=find)
    async def register_vendor(
        self, info: Request, session: AsyncSession, input: RegisterVendorInput
    ) -> Vendor:
        return Vendor.of(
            await vendors.register(session, info.context.actor, input.siren, input.details)
        )

    @mutation("Crée la fiche d’un éditeur qui ne s’est pas inscrit (ministère).", again=find)
    async def create_vendor(
        self, info: Request, session: AsyncSession, input: CreateVendorInput
    ) -> Vendor:
        return Vendor.of(
            await vendors.create(session, info.context.actor, input.siren, input.details)
        )

    @mutation("Modifie la fiche d’un éditeur.", again=find)
    async def edit_vendor(
        self, info: Request, session: AsyncSession, input: EditVendorInput
    ) -> Vendor:
        changes = given(
            name=input.name,
            website=input.website,
            contact=input.contact,
            parent_siren=input.parent_siren,
        )
        actor = info.context.actor
        return Vendor.of(await vendors.edit(session, actor, input.siren, input.version, changes))

    @mutation("Publie, remplace ou retire la déclaration d’un éditeur.", again=find)
    async def publish_statement(
        self, info: Request, session: AsyncSession, input: PublishStatementInput
    ) -> Vendor:
        actor = info.context.actor
        return Vendor.of(
            await vendors.publish_statement(session, actor, input.siren, input.statement)
        )

    @mutation(
        "Réunit deux fiches d’un même éditeur (ministère) : les logiciels, leurs clés et leurs"
        " engagements passent à la seconde.",
        again=find,
    )
    async def merge_vendors(
        self, info: Request, session: AsyncSession, input: MergeVendorsInput
    ) -> Vendor:
        actor = info.context.actor
        return Vendor.of(await mergers.merge(session, actor, input.siren, input.target_siren))


@strawberry.type(description="Lectures des éditeurs.")
class VendorQuery:
    @resolved("Un éditeur par son SIREN.")
    async def vendor(
        self,
        info: Request,
        siren: Annotated[str, strawberry.argument(description="SIREN.")],
    ) -> Vendor | None:
        async with info.context.read() as session:
            row = await vendors.by_siren(session, siren)
        return None if row is None else Vendor.of(row)

    @resolved("Les éditeurs.")
    async def vendors(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            VendorFilterInput | None, strawberry.argument(description="Filtre.")
        ] = None,
        order_by: Annotated[
            VendorOrder | None,
            strawberry.argument(description="Ordre de la liste ; par nom sinon."),
        ] = None,
    ) -> Connection[Vendor]:
        wanted = filter.to_domain() if filter else VendorFilter()
        page = Page(first, after, last, before)
        async with info.context.read() as session:
            found = await vendors.listed(session, page, wanted, order_by or VendorOrder.NAME_ASC)
        return connection(found, Vendor.of, partial(_count, info, wanted))


async def _count(info: Request, wanted: VendorFilter) -> int:
    async with info.context.read() as session:
        return await vendors.count(session, wanted)
