from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from models import Dispute as Row
from models import (
    DisputeKind,
    DisputeState,
    DisputeTransition,
    Service,
    Source,
    SurchargeKind,
)
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.history import HistoryEntry, history_of
from registry.api.loaders import DisputesArguments
from registry.api.nodes import Node, global_id
from registry.api.pages import Connection, connection
from registry.domain.collectivites import heir_id
from registry.domain.disputes import reading
from registry.domain.disputes.reading import Holder
from registry.domain.pages import Page

if TYPE_CHECKING:
    from registry.api.collectivites import Collectivite
    from registry.api.products import Product

CollectiviteRef = Annotated["Collectivite", strawberry.lazy("registry.api.collectivites")]
ProductRef = Annotated["Product", strawberry.lazy("registry.api.products")]


@strawberry.type(description="Étape d’une contestation.")
class DisputeStep:
    state: DisputeState = strawberry.field(description="État atteint.")
    effective_on: date = strawberry.field(description="Date d’effet.")
    declared_by: Source = strawberry.field(description="Qui a fait ce pas.")
    reason: str | None = strawberry.field(
        description="Motif ; pour l’éditeur qui répond, sa réponse."
    )
    evidence_url: str | None = strawberry.field(description="Adresse de la pièce.")
    reply_due_on: date | None = strawberry.field(
        description="Dernier jour donné à l’éditeur pour répondre."
    )

    @classmethod
    def of(cls, row: DisputeTransition) -> "DisputeStep":
        return cls(
            state=row.state,
            effective_on=row.effective_on,
            declared_by=row.declared_by,
            reason=row.reason,
            evidence_url=row.evidence_url,
            reply_due_on=row.reply_due_on,
        )


@strawberry.type(
    description="Contestation, par une collectivité, du statut d’un logiciel ou d’un surcoût."
    " Seuls la collectivité, l’éditeur mis en cause et le ministère la lisent."
)
class Dispute(Node):
    row_id: strawberry.Private[int]
    collectivite_id: strawberry.Private[int]
    product_id: strawberry.Private[int]
    kind: DisputeKind = strawberry.field(description="Ce qui est contesté.")
    service: Service | None = strawberry.field(
        description="Service dont l’intégration est contestée."
    )
    surcharge_kind: SurchargeKind | None = strawberry.field(description="Nature du surcoût.")
    amount_cents: int | None = strawberry.field(
        description="Montant du surcoût, en centimes d’euro ; vide : inconnu."
    )
    statement: str = strawberry.field(description="Ce qu’expose la collectivité.")
    history: Connection[HistoryEntry] = history_of("dispute")

    @resolved("Collectivité ; celle qui succède à l’auteur, s’il a disparu.")
    async def collectivite(self, info: Request) -> CollectiviteRef:
        from registry.api.collectivites import Collectivite

        author = await info.context.loaders.collectivite.load(self.collectivite_id)
        return Collectivite.of(await info.context.loaders.collectivite.load(heir_id(author)))

    @resolved("Logiciel.")
    async def product(self, info: Request) -> ProductRef:
        from registry.api.products import Product

        return Product.of(await info.context.loaders.product.load(self.product_id))

    @resolved("État.")
    async def state(self, info: Request) -> DisputeState:
        return (await info.context.loaders.dispute_steps.load(self.row_id))[-1].state

    @resolved("Toutes ses étapes, dans l’ordre.")
    async def steps(self, info: Request) -> list[DisputeStep]:
        rows = await info.context.loaders.dispute_steps.load(self.row_id)
        return [DisputeStep.of(row) for row in rows]

    @classmethod
    def of(cls, row: Row) -> "Dispute":
        return cls(
            id=global_id("Dispute", row.id),
            row_id=cast("int", row.id),
            collectivite_id=row.collectivite_id,
            product_id=row.product_id,
            kind=row.kind,
            service=row.service,
            surcharge_kind=row.surcharge_kind,
            amount_cents=row.amount_cents,
            statement=row.statement,
        )


async def listed(info: Request, holder: Holder, row_id: int, page: Page) -> Connection[Dispute]:
    """Those of that record which the caller may see."""
    actor, loaders = info.context.actor, info.context.loaders
    found = await loaders.disputes.load((row_id, DisputesArguments(actor, holder, page)))
    count = partial(loaders.dispute_count.load, (row_id, (actor, holder)))
    return connection(found, Dispute.of, count)


async def find(info: Request, row_id: int) -> Dispute | None:
    async with info.context.read() as session:
        row = await reading.seen(session, info.context.actor, row_id)
    return None if row is None else Dispute.of(row)
