"""Coverage and blockers: the answers, over a scope."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import strawberry

from models import Demarche, Stratum
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.pages import After, First, PageInfo, page_info
from registry.api.products import Product
from registry.api.vendors import Vendor
from registry.domain.pages import Page
from registry.domain.rollout import blockers, coverage, ranking
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.scope import Basis, Scope
from registry.domain.rollout.verdicts import Verdict


@strawberry.input(description="Ce sur quoi porte une réponse ; vide : tout le pays, aujourd’hui.")
class ScopeInput:
    strata: list[Stratum] | None = strawberry.field(
        default=None, description="Strates retenues ; une liste vide les retient toutes."
    )
    departement: str | None = strawberry.field(
        default=None, description="Code du département (COG)."
    )
    region: str | None = strawberry.field(default=None, description="Code de la région (COG).")
    epci: str | None = strawberry.field(
        default=None, description="SIREN d’une intercommunalité : elle-même et ses membres."
    )
    demarche: Demarche | None = strawberry.field(
        default=None, description="Pour cette démarche seule."
    )
    basis: Basis | None = strawberry.field(
        default=Basis.DECLARED, description="Usages pris en compte."
    )
    as_of: date | None = strawberry.field(
        default=None, description="Date de lecture ; aujourd’hui sinon."
    )

    def to_domain(self) -> Scope:
        return Scope(
            strata=tuple(self.strata or ()),
            departement=self.departement,
            region=self.region,
            epci=self.epci,
            demarche=self.demarche,
            basis=self.basis or Basis.DECLARED,
            as_of=self.as_of,
        )


ScopeArgument = Annotated[ScopeInput | None, strawberry.argument(description="Périmètre.")]


@strawberry.type(description="Dénombrement de collectivités distinctes.")
class _Counts:
    total: int = strawberry.field(description="Toutes.")
    connected: int = strawberry.field(description="Raccordées à FranceConnect.")
    connected_with_prefill: int = strawberry.field(
        description="Raccordées, et à une API qui pré-remplit."
    )
    ready: int = strawberry.field(description="Qui peuvent l’activer dès maintenant.")
    ready_unverified: int = strawberry.field(
        description="Parmi ces dernières, celles dont aucun logiciel prêt n’est étayé ni vérifié."
    )
    cost_unknown: int = strawberry.field(description="Dont l’éditeur doit dire son prix.")
    blocked_by_surcharge: int = strawberry.field(description="Bloquées par un surcoût.")
    blocked_by_software: int = strawberry.field(description="Bloquées par leur logiciel.")
    blocked_undeclared: int = strawberry.field(
        description="Parmi ces dernières, celles dont l’éditeur n’a rien déclaré à ce jour."
    )
    no_known_software: int = strawberry.field(description="Sans logiciel connu.")
    no_online_demarche: int = strawberry.field(
        description="Parmi ces dernières, celles qui déclarent n’avoir aucune démarche en ligne."
    )


@strawberry.type(description="Couverture d’une strate.")
class StratumCoverage(_Counts):
    stratum: Stratum = strawberry.field(description="Strate.")
    target_share: float | None = strawberry.field(description="Part visée, entre 0 et 1.")
    target_count: int | None = strawberry.field(description="Nombre visé.")
    missing: int | None = strawberry.field(description="Ce qui manque pour l’atteindre.")

    @classmethod
    def of(cls, line: coverage.StratumCoverage) -> "StratumCoverage":
        return cls(
            **asdict(line.counts),
            stratum=line.stratum,
            target_share=None if line.target_share is None else float(line.target_share),
            target_count=line.target_count,
            missing=line.missing,
        )


@strawberry.type(
    description="Couverture de tout le périmètre, chaque collectivité comptée une fois."
)
class TotalCoverage(_Counts):
    target_count: int | None = strawberry.field(
        description="Nombre visé par la campagne ; vide dès que le périmètre est restreint."
    )
    missing: int | None = strawberry.field(description="Ce qui manque pour l’atteindre.")

    @classmethod
    def of(cls, line: coverage.TotalCoverage) -> "TotalCoverage":
        counts = asdict(line.counts)
        return cls(**counts, target_count=line.target_count, missing=line.missing)


@strawberry.type(description="Où en est le déploiement.")
class Coverage:
    as_of: date = strawberry.field(description="Date de lecture.")
    strata: list[StratumCoverage] = strawberry.field(
        description="Chaque strate du périmètre, dans l’ordre de la charte."
    )
    total: TotalCoverage = strawberry.field(description="Toutes strates confondues.")

    @classmethod
    def of(cls, found: coverage.Coverage) -> "Coverage":
        return cls(
            as_of=found.as_of,
            strata=[StratumCoverage.of(line) for line in found.strata],
            total=TotalCoverage.of(found.total),
        )


@strawberry.type(description="Part d’une strate dans ce qui est bloqué.")
class StratumCount:
    stratum: Stratum = strawberry.field(description="Strate.")
    blocked: int = strawberry.field(description="Collectivités bloquées.")
    population: int = strawberry.field(description="Leurs habitants.")


@strawberry.type(description="Ce qui bloque, et pour qui.")
class Blocker:
    product_id: strawberry.Private[int | None]
    vendor_id: strawberry.Private[int]
    rank: int = strawberry.field(description="Rang dans le périmètre, à partir de 1.")
    verdict: Verdict | None = strawberry.field(
        description="Ce que permet le logiciel ; vide dans un classement par éditeur."
    )
    blocked: int = strawberry.field(description="Collectivités bloquées.")
    blocked_alone: int = strawberry.field(description="Celles que rien d’autre ne bloque.")
    population: int = strawberry.field(description="Habitants des communes bloquées.")
    by_stratum: list[StratumCount] = strawberry.field(description="Par strate du périmètre.")
    connected_clients: int = strawberry.field(
        description="Clients du périmètre raccordés par ce logiciel ou cet éditeur."
    )
    declared_on: date | None = strawberry.field(
        description="Dernière parole de l’éditeur sur l’intégration ; vide : il n’a rien déclaré."
    )

    @resolved("Logiciel ; vide dans un classement par éditeur.")
    async def product(self, info: Request) -> Product | None:
        if self.product_id is None:
            return None
        return Product.of(await info.context.loaders.product.load(self.product_id))

    @resolved("Éditeur.")
    async def vendor(self, info: Request) -> Vendor:
        return Vendor.of(await info.context.loaders.vendor.load(self.vendor_id))

    @classmethod
    def of(cls, row: blockers.Blocker) -> "Blocker":
        return cls(
            product_id=row.product_id,
            vendor_id=row.vendor_id,
            rank=row.rank,
            verdict=row.verdict,
            blocked=row.blocked,
            blocked_alone=row.blocked_alone,
            population=row.population,
            by_stratum=[
                StratumCount(stratum=c.stratum, blocked=c.blocked, population=c.population)
                for c in row.by_stratum
            ],
            connected_clients=row.connected_clients,
            declared_on=row.declared_on,
        )


@strawberry.type(description="Ligne du classement, avec son curseur.")
class BlockerEdge:
    cursor: str = strawberry.field(description="Curseur opaque, propre au classement demandé.")
    node: Blocker = strawberry.field(description="La ligne.")


@strawberry.type(description="Page du classement de ce qui bloque.")
class BlockerConnection:
    edges: list[BlockerEdge] = strawberry.field(description="Les lignes, par rang.")
    page_info: PageInfo = strawberry.field(description="Place de la page dans le classement.")
    total_count: int = strawberry.field(description="Nombre de lignes du classement entier.")
    as_of: date = strawberry.field(description="Date de lecture.")
    no_known_software: int = strawberry.field(
        description="Collectivités du périmètre sans logiciel connu."
    )
    cost_unknown: int = strawberry.field(
        description="Collectivités du périmètre dont l’éditeur doit dire son prix."
    )

    @classmethod
    def of(cls, page: ranking.BlockerPage) -> "BlockerConnection":
        found = page.blockers
        return cls(
            edges=[
                BlockerEdge(cursor=cursor, node=Blocker.of(row))
                for row, cursor in zip(found.rows, page.cursors, strict=True)
            ],
            page_info=page_info(
                page.cursors, has_next=page.has_next, has_previous=page.has_previous
            ),
            total_count=found.total,
            as_of=found.as_of,
            no_known_software=found.no_known_software,
            cost_unknown=found.cost_unknown,
        )


@strawberry.type(description="Lectures du déploiement.")
class RolloutQuery:
    @resolved("Où en est le déploiement, strate par strate.")
    async def coverage(self, info: Request, scope: ScopeArgument = None) -> Coverage:
        wanted = scope.to_domain() if scope else Scope()
        async with info.context.read() as session:
            return Coverage.of(await coverage.measure(session, wanted))

    @resolved("Ce qui bloque le déploiement, le plus bloquant d’abord.")
    async def blockers(
        self,
        info: Request,
        scope: ScopeArgument = None,
        by: Annotated[
            Grouping | None, strawberry.argument(description="Par logiciel ou par éditeur.")
        ] = Grouping.PRODUCT,
        first: First = None,
        after: After = None,
    ) -> BlockerConnection:
        wanted = scope.to_domain() if scope else Scope()
        async with info.context.read() as session:
            found = await ranking.page(
                session, wanted, by or Grouping.PRODUCT, Page(first=first, after=after)
            )
        return BlockerConnection.of(found)
