from datetime import date, datetime
from functools import partial
from typing import cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from models import Demarche, SoftwareRequestState
from models import SoftwareRequest as Row
from registry.api.collectivites import Collectivite
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.history import HistoryEntry, history_of
from registry.api.mutations import WriteInput, mutation
from registry.api.nodes import Node, global_id, row_id_of
from registry.api.pages import After, Before, Connection, First, Last, connection
from registry.api.products import Product
from registry.domain import software_requests
from registry.domain.pages import Page
from registry.domain.software_requests import Named


@strawberry.type(
    description="Logiciel que le registre ne connaît pas, tel que le nomme une collectivité ;"
    " elle seule et le ministère voient sa demande."
)
class SoftwareRequest(Node):
    row: strawberry.Private[Row]
    row_id: strawberry.Private[int]
    name: str = strawberry.field(description="Nom du logiciel, tel qu’il est donné.")
    vendor_name: str | None = strawberry.field(description="Nom de l’éditeur, s’il est connu.")
    vendor_siren: str | None = strawberry.field(description="SIREN de l’éditeur, s’il est connu.")
    demarches: list[Demarche] = strawberry.field(description="Démarches pour lesquelles il sert.")
    since: date | None = strawberry.field(description="Premier jour, s’il est connu.")
    state: SoftwareRequestState = strawberry.field(description="Où en est la demande.")
    refusal: str | None = strawberry.field(description="Motif du refus.")
    settled_on: date | None = strawberry.field(description="Date de la réponse du ministère.")
    created_at: datetime = strawberry.field(description="Moment de la demande.")
    history: Connection[HistoryEntry] = history_of("software_request")

    @resolved("Collectivité qui l’utilise.")
    async def collectivite(self, info: Request) -> Collectivite:
        return Collectivite.of(
            await info.context.loaders.collectivite.load(self.row.collectivite_id)
        )

    @resolved("Logiciel du registre auquel le ministère l’a rattaché.")
    async def product(self, info: Request) -> Product | None:
        if self.row.product_id is None:
            return None
        return Product.of(await info.context.loaders.product.load(self.row.product_id))

    @classmethod
    def of(cls, row: Row) -> "SoftwareRequest":
        return cls(
            id=global_id("SoftwareRequest", row.id),
            row=row,
            row_id=cast("int", row.id),
            name=row.name,
            vendor_name=row.vendor_name,
            vendor_siren=row.vendor_siren,
            demarches=[Demarche(code) for code in row.demarches],
            since=row.since,
            state=row.state,
            refusal=row.refusal,
            settled_on=row.settled_on,
            created_at=row.created_at,
        )


async def find(info: Request, row_id: int) -> SoftwareRequest | None:
    async with info.context.read() as session:
        row = await software_requests.by_id(session, info.context.actor, row_id)
    return None if row is None else SoftwareRequest.of(row)


@strawberry.input(description="Logiciel utilisé que le registre ne connaît pas.")
class NameSoftwareInput(WriteInput):
    collectivite: str = strawberry.field(
        description="La collectivité : son code INSEE, son SIREN ou son SIRET."
    )
    name: str = strawberry.field(description="Nom du logiciel.")
    demarches: list[Demarche] = strawberry.field(description="Démarches pour lesquelles il sert.")
    vendor_name: str | None = strawberry.field(
        default=None, description="Nom de l’éditeur, s’il est connu."
    )
    vendor_siren: str | None = strawberry.field(
        default=None, description="SIREN de l’éditeur, s’il est connu."
    )
    since: date | None = strawberry.field(
        default=None, description="Premier jour ; aujourd’hui sinon, marqué approximatif."
    )


@strawberry.input(description="Demande à rattacher à un logiciel du registre.")
class SettleSoftwareInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant de la demande.")
    vendor_siren: str = strawberry.field(description="SIREN de l’éditeur.")
    product: str = strawberry.field(description="Identifiant du logiciel chez l’éditeur.")


@strawberry.input(description="Demande à refuser.")
class RefuseSoftwareInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="Identifiant de la demande.")
    reason: str = strawberry.field(description="Motif, que la collectivité lira.")


@strawberry.type(description="Écritures des logiciels à rattacher.")
class SoftwareRequestMutation:
    @mutation(
        "La collectivité nomme un logiciel que le registre ne connaît pas : il attend la réponse"
        " du ministère.",
        again=find,
    )
    async def name_software(
        self, info: Request, session: AsyncSession, input: NameSoftwareInput
    ) -> SoftwareRequest:
        given = Named(
            name=input.name,
            demarches=input.demarches,
            vendor_name=input.vendor_name,
            vendor_siren=input.vendor_siren,
            since=input.since,
        )
        actor = info.context.actor
        return SoftwareRequest.of(
            await software_requests.name(session, actor, input.collectivite, given)
        )

    @mutation(
        "Le ministère rattache la demande à un logiciel : les usages de la collectivité en naissent"
        " tous, ou aucun ; ils restent à confirmer.",
        again=find,
    )
    async def settle_software(
        self, info: Request, session: AsyncSession, input: SettleSoftwareInput
    ) -> SoftwareRequest:
        row = await software_requests.settle(
            session,
            info.context.actor,
            row_id_of("SoftwareRequest", input.id, "id"),
            input.vendor_siren,
            input.product,
        )
        return SoftwareRequest.of(row)

    @mutation("Le ministère refuse la demande, avec son motif.", again=find)
    async def refuse_software(
        self, info: Request, session: AsyncSession, input: RefuseSoftwareInput
    ) -> SoftwareRequest:
        row = await software_requests.refuse(
            session, info.context.actor, row_id_of("SoftwareRequest", input.id, "id"), input.reason
        )
        return SoftwareRequest.of(row)


@strawberry.type(description="Lectures des logiciels à rattacher.")
class SoftwareRequestQuery:
    @resolved(
        "Les logiciels nommés qui attendent, le plus ancien d’abord : tous pour le ministère,"
        " les siens pour une collectivité."
    )
    async def software_requests(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SoftwareRequest]:
        page = Page(first, after, last, before)
        async with info.context.read() as session:
            found = await software_requests.listed(session, info.context.actor, page)
        return connection(found, SoftwareRequest.of, partial(_count, info))


async def _count(info: Request) -> int:
    async with info.context.read() as session:
        return await software_requests.count(session, info.context.actor)
