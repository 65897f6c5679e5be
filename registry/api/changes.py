"""What moved between two dates, or between two numbers of the ledger."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, TypeVar

import strawberry

from registry.api.collectivites import Collectivite
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.pages import After, Connection, First, connection
from registry.api.products import Product
from registry.api.rollout import ScopeArgument
from registry.domain.pages import Page
from registry.domain.rollout import changes
from registry.domain.rollout.changes import ChangeKind, ChangePage
from registry.domain.rollout.periods import Period, period
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.verdicts import Verdict

Row = TypeVar("Row")


@strawberry.type(description="Dénombrement de collectivités qui ont bougé.")
class ChangeCounts:
    moved: int = strawberry.field(description="Toutes celles dont la réponse a changé.")
    newly_connected: int = strawberry.field(description="Raccordées, et ne l’étaient pas.")
    newly_ready: int = strawberry.field(description="Prêtes, et n’étaient ni prêtes ni raccordées.")
    newly_blocked: int = strawberry.field(description="Bloquées, et ne l’étaient pas.")
    no_longer_connected: int = strawberry.field(
        description="Étaient raccordées, et ne le sont plus ; celles qui ont disparu comprises."
    )

    @classmethod
    def of(cls, counts: changes.ChangeCounts) -> "ChangeCounts":
        return cls(
            moved=counts.moved,
            newly_connected=counts.newly_connected,
            newly_ready=counts.newly_ready,
            newly_blocked=counts.newly_blocked,
            no_longer_connected=counts.no_longer_connected,
        )


@strawberry.type(description="Collectivité qui a bougé.")
class CollectiviteChange:
    row_id: strawberry.Private[int]
    before: Readiness | None = strawberry.field(
        description="Où elle en était ; vide : elle n’était pas comptée."
    )
    after: Readiness | None = strawberry.field(
        description="Où elle en est ; vide : elle n’est plus comptée."
    )

    @resolved("La collectivité.")
    async def collectivite(self, info: Request) -> Collectivite:
        return Collectivite.of(await info.context.loaders.collectivite.load(self.row_id))

    @classmethod
    def of(cls, row: changes.CollectiviteChange) -> "CollectiviteChange":
        return cls(row_id=row.collectivite_id, before=row.before, after=row.after)


@strawberry.type(description="Logiciel de collectivités qui ont bougé.")
class ProductChange:
    row_id: strawberry.Private[int]
    verdict_before: Verdict | None = strawberry.field(
        description="Ce qu’il permettait ; vide : il n’était pas inscrit."
    )
    verdict_after: Verdict | None = strawberry.field(
        description="Ce qu’il permet ; vide : il n’était pas inscrit."
    )
    clients: ChangeCounts = strawberry.field(
        description="Ses clients qui ont bougé, d’avant ou d’après."
    )

    @resolved("Le logiciel.")
    async def product(self, info: Request) -> Product:
        return Product.of(await info.context.loaders.product.load(self.row_id))

    @classmethod
    def of(cls, row: changes.ProductChange) -> "ProductChange":
        return cls(
            row_id=row.product_id,
            verdict_before=row.before,
            verdict_after=row.after,
            clients=ChangeCounts.of(row.counts),
        )


@strawberry.type(description="Ce qui a bougé entre deux moments.")
class Changes:
    scope: strawberry.Private[Scope]
    period: strawberry.Private[Period]
    since: date = strawberry.field(description="Jour du premier moment.")
    until: date = strawberry.field(description="Jour du second.")
    since_entry: int | None = strawberry.field(
        description="Entrée du journal du premier moment ; vide : deux dates sont comparées."
    )
    until_entry: int | None = strawberry.field(
        description="Entrée du journal du second moment ; vide : deux dates sont comparées."
    )

    @resolved("Combien de collectivités ont bougé.")
    async def counts(self, info: Request) -> ChangeCounts:
        async with info.context.read() as session:
            return ChangeCounts.of(await changes.count(session, self.scope, self.period))

    @resolved("Les collectivités qui ont bougé, par code.")
    async def collectivites(
        self,
        info: Request,
        first: First = None,
        after: After = None,
        kind: Annotated[
            ChangeKind | None, strawberry.argument(description="Celles-là seulement.")
        ] = None,
    ) -> Connection[CollectiviteChange]:
        page = Page(first=first, after=after)
        async with info.context.read() as session:
            found = await changes.of_collectivites(session, self.scope, self.period, kind, page)
        return connection(found.slice, CollectiviteChange.of, _total(found))

    @resolved("Leurs logiciels, ceux dont le plus de clients ont bougé d’abord.")
    async def products(
        self, info: Request, first: First = None, after: After = None
    ) -> Connection[ProductChange]:
        page = Page(first=first, after=after)
        async with info.context.read() as session:
            found = await changes.of_products(session, self.scope, self.period, page)
        return connection(found.slice, ProductChange.of, _total(found))


def _total(found: ChangePage[Row]) -> Callable[[], Awaitable[int]]:
    async def total() -> int:
        return found.total

    return total


@strawberry.type(description="Lectures de ce qui a bougé.")
class ChangesQuery:
    @resolved(
        "Ce qui a bougé entre deux dates, d’après les dates déclarées telles que connues"
        " aujourd’hui ; ou entre deux entrées du journal, d’après ce qui était inscrit juste après"
        " chacune. Le périmètre ne porte pas de date."
    )
    async def changes(
        self,
        info: Request,
        scope: ScopeArgument = None,
        since: Annotated[
            date | None, strawberry.argument(description="Première date ; ou « sinceEntry ».")
        ] = None,
        since_entry: Annotated[
            int | None, strawberry.argument(description="Première entrée ; ou « since ».")
        ] = None,
        until: Annotated[
            date | None, strawberry.argument(description="Seconde date ; aujourd’hui sinon.")
        ] = None,
        until_entry: Annotated[
            int | None,
            strawberry.argument(
                description="Seconde entrée ; sinon la dernière du journal, lue aujourd’hui."
            ),
        ] = None,
    ) -> Changes:
        async with info.context.read() as session:
            asked = await period(
                session,
                since=since,
                since_entry=since_entry,
                until=until,
                until_entry=until_entry,
            )
        return Changes(
            scope=scope.to_domain() if scope else Scope(),
            period=asked,
            since=asked.since.day,
            until=asked.until.day,
            since_entry=asked.since.entry,
            until_entry=asked.until.entry,
        )
