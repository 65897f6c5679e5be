from datetime import date

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import DeliveryModel, Demarche
from registry.api.context import Request
from registry.api.mutations import WriteInput, given, mutation
from registry.api.products.reading import Product, find
from registry.domain import products
from registry.domain.products import ProductDetails


@strawberry.input(description="Logiciel à ajouter.")
class AddProductInput(WriteInput):
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    slug: str = strawberry.field(
        description="Identifiant du logiciel chez son éditeur : minuscules sans accent et"
        " chiffres, séparés par un point, un tiret ou un trait bas."
    )
    name: str = strawberry.field(description="Nom.")
    delivery_model: DeliveryModel | None = strawberry.field(
        default=None, description="Mode de fourniture ; vide : inconnu."
    )
    citizen_login: bool = strawberry.field(description="L’usager s’y connecte.")
    demarches: list[Demarche] = strawberry.field(description="Démarches couvertes.")


@strawberry.input(description="Un logiciel, tel qu’il a été lu.")
class ProductInput(WriteInput):
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    product: str = strawberry.field(description="Identifiant du logiciel chez son éditeur.")
    version: int = strawberry.field(description="Version de la fiche telle qu’elle a été lue.")


@strawberry.input(description="Ce qui change dans la fiche d’un logiciel ; le reste demeure.")
class EditProductInput(ProductInput):
    name: strawberry.Maybe[str] = strawberry.field(default=None, description="Nom.")
    delivery_model: strawberry.Maybe[DeliveryModel | None] = strawberry.field(
        default=None, description="Mode de fourniture ; null : inconnu."
    )
    citizen_login: strawberry.Maybe[bool] = strawberry.field(
        default=None, description="L’usager s’y connecte."
    )
    demarches: strawberry.Maybe[list[Demarche]] = strawberry.field(
        default=None,
        description="Toutes les démarches couvertes ; une démarche utilisée le reste.",
    )


@strawberry.input(description="Logiciel à retirer, ou à proposer de nouveau.")
class RetireProductInput(ProductInput):
    retired_on: strawberry.Maybe[date | None] = strawberry.field(
        default=None,
        description="Jour à partir duquel il n’a plus de nouveau client, aujourd’hui sinon ;"
        " null : de nouveau proposé.",
    )


@strawberry.input(description="Logiciel à renommer.")
class RenameProductInput(ProductInput):
    slug: str = strawberry.field(description="Nouvel identifiant ; l’ancien reste reconnu.")


@strawberry.input(description="Logiciel cédé à un autre éditeur.")
class TransferProductInput(ProductInput):
    new_vendor_siren: str = strawberry.field(description="SIREN de l’éditeur qui le reprend.")


@strawberry.type(description="Écritures des logiciels.")
class ProductMutation:
    @mutation("Ajoute un logiciel : son éditeur, ou le ministère.", again=find)
    async def add_product(
        self, info: Request, session: AsyncSession, input: AddProductInput
    ) -> Product:
        details = ProductDetails(
            input.name, input.citizen_login, input.demarches, input.delivery_model
        )
        actor = info.context.actor
        return Product.of(
            await products.add(session, actor, input.vendor_siren, input.slug, details)
        )

    @mutation("Modifie la fiche d’un logiciel.", again=find)
    async def edit_product(
        self, info: Request, session: AsyncSession, input: EditProductInput
    ) -> Product:
        changes = given(
            name=input.name,
            delivery_model=input.delivery_model,
            citizen_login=input.citizen_login,
            demarches=input.demarches,
        )
        return Product.of(await products.edit(session, info.context.actor, *_read(input), changes))

    @mutation(
        "Retire un logiciel, qui garde ses clients et son histoire, ou le propose de nouveau.",
        again=find,
    )
    async def retire_product(
        self, info: Request, session: AsyncSession, input: RetireProductInput
    ) -> Product:
        day = given(day=input.retired_on).get("day", info.context.today)
        return Product.of(await products.retire(session, info.context.actor, *_read(input), day))

    @mutation("Change l’identifiant d’un logiciel (ministère).", again=find)
    async def rename_product(
        self, info: Request, session: AsyncSession, input: RenameProductInput
    ) -> Product:
        return Product.of(
            await products.rename(session, info.context.actor, *_read(input), input.slug)
        )

    @mutation(
        "Passe un logiciel à un autre éditeur (ministère) : l’engagement du vendeur qui"
        " s’appliquait devient celui du logiciel.",
        again=find,
    )
    async def transfer_product(
        self, info: Request, session: AsyncSession, input: TransferProductInput
    ) -> Product:
        actor = info.context.actor
        return Product.of(
            await products.transfer(session, actor, *_read(input), input.new_vendor_siren)
        )


def _read(input: ProductInput) -> tuple[str, str, int]:
    return input.vendor_siren, input.product, input.version
