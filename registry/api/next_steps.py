import strawberry

from models import Demarche
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.products import Product
from registry.api.vendors import Vendor
from registry.domain.rollout import next_step as domain
from registry.domain.rollout.next_step import NextStepCode


@strawberry.type(description="À qui s’adresser au sujet d’un logiciel.")
class Contact:
    product_id: strawberry.Private[int]
    vendor_id: strawberry.Private[int]
    address: str | None = strawberry.field(
        description="Boîte fonctionnelle ou page de contact de l’éditeur ; vide : inconnue."
    )

    @resolved("Logiciel.")
    async def product(self, info: Request) -> Product:
        return Product.of(await info.context.loaders.product.load(self.product_id))

    @resolved("Éditeur.")
    async def vendor(self, info: Request) -> Vendor:
        return Vendor.of(await info.context.loaders.vendor.load(self.vendor_id))


@strawberry.type(description="Ce qu’une collectivité peut faire maintenant.")
class NextStep:
    code: NextStepCode = strawberry.field(description="L’action, pour un programme.")
    sentence: str = strawberry.field(description="L’action, pour une personne.")
    demarches: list[Demarche] = strawberry.field(description="Démarches non raccordées.")
    contacts: list[Contact] = strawberry.field(
        description="À qui s’adresser, le logiciel qui couvre le plus de démarches d’abord ;"
        " pour un logiciel développé par ses services, eux-mêmes."
    )
    min_version: str | None = strawberry.field(
        description="Version minimale du logiciel du premier contact."
    )
    exclusions: str | None = strawberry.field(
        description="Ce que ne couvre pas l’engagement de l’éditeur du premier contact."
    )

    @classmethod
    def of(cls, step: domain.NextStep) -> "NextStep":
        return cls(
            code=step.code,
            sentence=step.sentence,
            demarches=list(step.demarches),
            contacts=[
                Contact(
                    product_id=contact.product_id,
                    vendor_id=contact.vendor_id,
                    address=contact.address,
                )
                for contact in step.contacts
            ],
            min_version=step.min_version,
            exclusions=step.exclusions,
        )
