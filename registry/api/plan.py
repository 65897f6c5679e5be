"""The shortest way to the targets."""

from dataclasses import asdict
from typing import Annotated

import strawberry

from models import Stratum
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.fixes import FixInput, fixes_of
from registry.api.products import Product
from registry.api.rollout import Coverage, ScopeArgument
from registry.api.vendors import Vendor
from registry.domain.rollout import plan
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.covering import Objective
from registry.domain.rollout.patterns import ProductPart
from registry.domain.rollout.plan import Wishes, draw_up
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.verdicts import Verdict

TIME_LIMIT = 8.0
"""Below the door's own deadline, so that the best plan found is still answered."""


@strawberry.type(
    description="Collectivités d’une tranche de population, comptées sans être nommées."
)
class PopulationBand:
    least: int | None = strawberry.field(
        description="Habitants au moins ; vide : leur population n’est pas connue."
    )
    most: int | None = strawberry.field(description="Habitants au plus ; vide : sans borne.")
    count: int = strawberry.field(description="Collectivités.")
    population: int = strawberry.field(description="Leurs habitants.")


@strawberry.type(description="Ce qu’un logiciel apporte à une étape.")
class PlanProduct:
    product_id: strawberry.Private[int]
    verdict: Verdict = strawberry.field(description="Ce qu’il permet à ce jour.")
    unlocked: int = strawberry.field(description="Collectivités qu’il débloquerait à lui seul.")

    @resolved("Logiciel.")
    async def product(self, info: Request) -> Product:
        return Product.of(await info.context.loaders.product.load(self.product_id))

    @classmethod
    def of(cls, part: ProductPart) -> "PlanProduct":
        return cls(product_id=part.product_id, verdict=part.verdict, unlocked=part.unlocked)


@strawberry.type(description="Éditeur ou logiciel à rendre prêt, et pourquoi lui.")
class PlanStep:
    product_id: strawberry.Private[int | None]
    vendor_id: strawberry.Private[int]
    rank: int = strawberry.field(description="Rang, à partir de 1.")
    gap_closed: int = strawberry.field(description="Ce que l’étape comble de l’écart.")
    gap_left: int = strawberry.field(description="Écart qui reste après elle.")
    unlocked: int = strawberry.field(
        description="Collectivités que l’étape débloque en plus des précédentes."
    )
    unlocked_alone: int = strawberry.field(
        description="Collectivités qu’elle débloquerait à elle seule."
    )
    unlocked_cumulated: int = strawberry.field(
        description="Collectivités débloquées par elle et les précédentes."
    )
    products: list[PlanProduct] = strawberry.field(
        description="Les logiciels en cause, celui qui débloque le plus d’abord."
    )
    clients_by_population: list[PopulationBand] = strawberry.field(
        description="Les collectivités qu’elle débloquerait à elle seule, par taille."
    )

    @resolved("Éditeur à convaincre.")
    async def vendor(self, info: Request) -> Vendor:
        return Vendor.of(await info.context.loaders.vendor.load(self.vendor_id))

    @resolved("Logiciel ; vide dans un plan par éditeur.")
    async def product(self, info: Request) -> Product | None:
        if self.product_id is None:
            return None
        return Product.of(await info.context.loaders.product.load(self.product_id))

    @classmethod
    def of(cls, step: plan.PlanStep) -> "PlanStep":
        return cls(
            product_id=step.candidate.product_id,
            vendor_id=step.candidate.vendor_id,
            rank=step.rank,
            gap_closed=step.gap_closed,
            gap_left=step.gap_left,
            unlocked=step.unlocked,
            unlocked_alone=step.unlocked_alone,
            unlocked_cumulated=step.unlocked_cumulated,
            products=[PlanProduct.of(part) for part in step.products],
            clients_by_population=[PopulationBand(**asdict(band)) for band in step.clients],
        )


@strawberry.type(description="Où le plan mène un objectif.")
class PlanTarget:
    stratum: Stratum | None = strawberry.field(
        description="Strate ; vide : l’objectif de la campagne, toutes strates confondues."
    )
    target_count: int = strawberry.field(description="Nombre visé.")
    connected: int = strawberry.field(description="Collectivités raccordées.")
    ready: int = strawberry.field(description="Collectivités prêtes, une fois le plan réalisé.")
    ready_unverified: int = strawberry.field(
        description="Parmi elles, celles dont aucun logiciel prêt n’est étayé ni vérifié."
    )
    reached: int = strawberry.field(description="Collectivités raccordées ou prêtes.")
    missing: int = strawberry.field(description="Ce qui manque encore pour l’atteindre.")
    reachable: bool = strawberry.field(
        description="L’objectif serait atteint si tout ce qui peut être choisi l’était."
    )
    best: int = strawberry.field(
        description="Collectivités qui seraient alors raccordées ou prêtes."
    )
    no_known_software: int = strawberry.field(
        description="Collectivités sans logiciel connu, qu’aucun éditeur ne peut débloquer."
    )
    cost_unknown: int = strawberry.field(
        description="Collectivités dont l’éditeur doit encore dire son prix."
    )

    @classmethod
    def of(cls, target: plan.PlanTarget) -> "PlanTarget":
        return cls(
            stratum=target.stratum,
            target_count=target.target_count,
            connected=target.counts.connected,
            ready=target.counts.ready,
            ready_unverified=target.counts.ready_unverified,
            reached=target.reached,
            missing=target.missing,
            reachable=target.reachable,
            best=target.best,
            no_known_software=target.counts.no_known_software,
            cost_unknown=target.counts.cost_unknown,
        )


@strawberry.type(description="Ce qui est prouvé du plan pour un de ses buts.")
class PlanProof:
    objective: Objective = strawberry.field(description="But.")
    reached: int = strawberry.field(description="Ce que le plan atteint.")
    bound: int | None = strawberry.field(
        description="Ce qu’aucun plan ne peut dépasser, aux buts précédents égaux ; égal à"
        " « reached » : le meilleur ; vide : le temps a manqué pour l’établir."
    )


@strawberry.type(
    description="Le plus petit nombre d’éditeurs ou de logiciels à rendre prêts pour que les"
    " collectivités raccordées ou prêtes atteignent chaque objectif ; à nombre égal, ce qui"
    " débloque le plus. Hors d’atteinte : le plus petit écart, puis le moins d’étapes."
)
class Plan:
    steps: list[PlanStep] = strawberry.field(
        description="Les étapes, celle qui comble le plus de l’écart d’abord."
    )
    reachable: bool = strawberry.field(description="Tous les objectifs sont atteints par ce plan.")
    optimal: bool = strawberry.field(description="Il est prouvé qu’aucun autre n’est meilleur.")
    before: Coverage = strawberry.field(description="La couverture telle qu’elle est.")
    after: Coverage = strawberry.field(description="Ce qu’elle deviendrait, promesses comprises.")
    initial_gap: int = strawberry.field(
        description="Écart avant la première étape, promesses tenues : la somme de ce qui manque à"
        " chaque objectif."
    )
    gap: int = strawberry.field(description="Écart qui reste après la dernière.")
    targets: list[PlanTarget] = strawberry.field(
        description="Chaque objectif du périmètre, dans l’ordre de la charte."
    )
    proofs: list[PlanProof] = strawberry.field(
        description="Les buts, dans l’ordre où ils sont poursuivis, et ce qui en est prouvé."
    )
    relative_gap: float | None = strawberry.field(
        description="Distance prouvée au meilleur plan possible, sur le premier but qui n’est pas"
        " prouvé ; 0 : le meilleur ; vide : aucune borne n’est connue."
    )

    @classmethod
    def of(cls, found: plan.Plan) -> "Plan":
        return cls(
            steps=[PlanStep.of(step) for step in found.steps],
            reachable=found.reachable,
            optimal=found.optimal,
            before=Coverage.of(found.before),
            after=Coverage.of(found.after),
            initial_gap=found.initial_gap,
            gap=found.gap,
            targets=[PlanTarget.of(target) for target in found.targets],
            proofs=[
                PlanProof(objective=proof.objective, reached=proof.reached, bound=proof.bound)
                for proof in found.proofs
            ],
            relative_gap=found.relative_gap,
        )


@strawberry.type(description="Plan.")
class PlanQuery:
    @resolved("Le plus court chemin vers les objectifs, et ce qui en est prouvé en huit secondes.")
    async def plan(
        self,
        info: Request,
        scope: ScopeArgument = None,
        by: Annotated[
            Grouping | None, strawberry.argument(description="Par éditeur ou par logiciel.")
        ] = Grouping.VENDOR,
        excluded: Annotated[
            list[FixInput] | None,
            strawberry.argument(description="Ce qui a refusé : jamais choisi."),
        ] = None,
        promised: Annotated[
            list[FixInput] | None,
            strawberry.argument(description="Ce qui est déjà promis : tenu pour prêt, sans étape."),
        ] = None,
        at_most: Annotated[
            int | None,
            strawberry.argument(
                description="Nombre d’étapes au plus : alors le plus petit écart, puis ce qui"
                " débloque le plus, puis le moins d’étapes."
            ),
        ] = None,
    ) -> Plan:
        wishes = Wishes(
            by or Grouping.VENDOR,
            fixes_of(excluded, "excluded"),
            fixes_of(promised, "promised"),
            at_most,
        )
        wanted = scope.to_domain() if scope else Scope()
        found = await draw_up(info.context.read, wanted, wishes, time_limit=TIME_LIMIT)
        info.context.asked.reusable &= found.optimal
        return Plan.of(found)
