from datetime import date
from typing import cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Commitment, Service, Stratum
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.history import HistoryEntry, history_of
from registry.api.mutations import WriteInput, mutation
from registry.api.pages import Connection
from registry.api.vendors import Vendor
from registry.domain import campaigns
from registry.domain.campaigns import Change


@strawberry.type(description="Objectif de la charte pour une strate.")
class Target:
    stratum: Stratum = strawberry.field(description="Strate.")
    share: float = strawberry.field(description="Part à raccorder, entre 0 et 1.")


@strawberry.type(description="Éditeur signataire de la charte.")
class SignatoryVendor:
    vendor_id: strawberry.Private[int]
    signed_on: date = strawberry.field(description="Date de sa signature.")

    @resolved("Éditeur.")
    async def vendor(self, info: Request) -> Vendor:
        return Vendor.of(await info.context.loaders.vendor.load(self.vendor_id))

    @classmethod
    def of(cls, signature: Commitment) -> "SignatoryVendor":
        return cls(vendor_id=signature.vendor_id, signed_on=signature.effective_on)


@strawberry.type(description="Charte que signent les éditeurs.")
class Charter:
    version: str = strawberry.field(description="Version : à redonner en signant.")
    text: str | None = strawberry.field(
        description="Texte en Markdown ; vide : le registre n’a pas celui de cette version."
    )


@strawberry.type(description="Campagne : la charte, ses signataires et ses objectifs.")
class Campaign:
    row_id: strawberry.Private[int]
    history: Connection[HistoryEntry] = history_of("campaign")
    name: str = strawberry.field(description="Nom de la charte.")
    charter_version: str = strawberry.field(description="Version de la charte.")
    signed_on: date = strawberry.field(description="Date de signature.")
    deadline: date = strawberry.field(description="Échéance des objectifs.")
    signatories: list[str] = strawberry.field(description="L’État et les associations d’élus.")
    signatory_vendors: list[SignatoryVendor] = strawberry.field(
        description="Éditeurs engagés aujourd’hui pour tous leurs logiciels, les premiers d’abord."
    )
    targets: list[Target] = strawberry.field(description="Objectif de chaque strate.")
    total_target: int = strawberry.field(description="Collectivités à raccorder en tout.")
    vintage: int | None = strawberry.field(
        description="Millésime de la géographie ; vide : elle n’est pas chargée."
    )
    accepted_services: list[Service] = strawberry.field(
        description="Services qui comptent comme un raccordement."
    )
    grant_amount_cents: int = strawberry.field(
        description="Subvention forfaitaire, en centimes d’euro."
    )
    version: int = strawberry.field(description="Version, à redonner pour la modifier.")

    @resolved("Charte à lire avant de signer.")
    def charter(self, info: Request) -> Charter:
        version = self.charter_version
        return Charter(version=version, text=info.context.charters.get(version))

    @classmethod
    def of(cls, read: campaigns.CampaignRead) -> "Campaign":
        row = read.campaign
        return cls(
            row_id=cast("int", row.id),
            name=row.name,
            charter_version=row.charter_version,
            signed_on=row.signed_on,
            deadline=row.deadline,
            signatories=row.signatories,
            signatory_vendors=[SignatoryVendor.of(signature) for signature in read.signatures],
            targets=[Target(stratum=t.stratum, share=float(t.share)) for t in read.targets],
            total_target=row.total_target,
            vintage=row.vintage,
            accepted_services=[Service(service) for service in row.accepted_services],
            grant_amount_cents=row.grant_amount_cents,
            version=row.version,
        )


async def find(info: Request, row_id: int) -> Campaign:
    async with info.context.read() as session:
        return Campaign.of(await campaigns.current(session, info.context.today))


@strawberry.input(description="Objectif d’une strate.")
class TargetInput:
    stratum: Stratum = strawberry.field(description="Strate.")
    share: float = strawberry.field(
        description="Part à raccorder, plus que 0 et au plus 1 ; quatre décimales au plus."
    )


@strawberry.input(description="Ce qui change de la campagne ; ce qui est vide reste tel quel.")
class EditCampaignInput(WriteInput):
    version: int = strawberry.field(description="Version qui a été lue.")
    targets: list[TargetInput] | None = strawberry.field(
        default=None, description="Objectifs qui changent ; une strate absente garde le sien."
    )
    total_target: int | None = strawberry.field(
        default=None, description="Collectivités à raccorder en tout."
    )
    accepted_services: list[Service] | None = strawberry.field(
        default=None, description="Services qui comptent comme un raccordement ; la liste entière."
    )
    deadline: date | None = strawberry.field(
        default=None, description="Échéance des objectifs, au plus tôt la signature de la charte."
    )
    grant_amount_cents: int | None = strawberry.field(
        default=None,
        description="Subvention des demandes à venir, en centimes d’euro ; les autres gardent"
        " leur montant.",
    )

    def to_domain(self) -> Change:
        shares = None if self.targets is None else [(t.stratum, t.share) for t in self.targets]
        return Change(
            shares,
            self.total_target,
            self.accepted_services,
            self.deadline,
            self.grant_amount_cents,
        )


@strawberry.type(description="Écritures de la campagne.")
class CampaignMutation:
    @mutation("Modifie la campagne ; tout ce qui s’en déduit change aussitôt.", again=find)
    async def edit_campaign(
        self, info: Request, session: AsyncSession, input: EditCampaignInput
    ) -> Campaign:
        change = input.to_domain()
        return Campaign.of(await campaigns.edit(session, info.context.actor, input.version, change))


@strawberry.type(description="Lecture de la campagne.")
class CampaignQuery:
    @resolved("La charte, ses signataires, ses objectifs, son échéance.")
    async def campaign(self, info: Request) -> Campaign:
        async with info.context.read() as session:
            return Campaign.of(await campaigns.current(session, info.context.today))
