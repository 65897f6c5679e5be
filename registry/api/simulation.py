from typing import Annotated

import strawberry

from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.fixes import FixInput, fixes_of
from registry.api.rollout import Coverage, ScopeArgument
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.simulation import simulate


@strawberry.type(description="Ce que changeraient des logiciels devenus prêts ; rien n’est écrit.")
class Simulation:
    before: Coverage = strawberry.field(description="La couverture telle qu’elle est.")
    after: Coverage = strawberry.field(description="Ce qu’elle deviendrait.")
    unlocked: int = strawberry.field(
        description="Collectivités distinctes du périmètre qui deviendraient prêtes."
    )


@strawberry.type(description="Simulation.")
class SimulationQuery:
    @resolved("Ce qui serait prêt si ces logiciels l’étaient, toutes choses égales par ailleurs.")
    async def simulation(
        self,
        info: Request,
        fixes: Annotated[
            list[FixInput],
            strawberry.argument(
                description="Ce qui est supposé prêt : intégré et sans surcoût ; 200 au plus."
            ),
        ],
        scope: ScopeArgument = None,
    ) -> Simulation:
        wanted = scope.to_domain() if scope else Scope()
        given = fixes_of(fixes, "fixes")
        async with info.context.read() as session:
            found = await simulate(session, wanted, given)
        return Simulation(
            before=Coverage.of(found.before),
            after=Coverage.of(found.after),
            unlocked=found.unlocked,
        )
