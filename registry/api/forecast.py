"""When the targets are reached, at the pace that was seen."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import strawberry

from models import Stratum
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.rollout import ScopeArgument
from registry.domain.rollout import forecast
from registry.domain.rollout.scope import Scope


@strawberry.type(description="Quand un objectif est atteint ; les rythmes sont par mois.")
class TargetForecast:
    stratum: Stratum | None = strawberry.field(
        description="Strate ; vide : l’objectif de la campagne, toutes strates confondues."
    )
    connected: int = strawberry.field(description="Collectivités raccordées aujourd’hui.")
    target_count: int = strawberry.field(description="Nombre visé.")
    missing: int = strawberry.field(description="Ce qui manque.")
    pace: float = strawberry.field(description="Rythme des douze derniers mois.")
    fastest: float = strawberry.field(description="Du plus rapide des quatre derniers trimestres.")
    slowest: float = strawberry.field(description="Du plus lent des quatre derniers trimestres.")
    pace_needed: float = strawberry.field(
        description="Rythme qu’il faudrait pour atteindre l’objectif à la date voulue."
    )
    reached_on: date | None = strawberry.field(
        description="Au rythme des douze derniers mois ; aujourd’hui : il l’est déjà ; vide :"
        " jamais à ce rythme."
    )
    earliest: date | None = strawberry.field(
        description="Au rythme du trimestre le plus rapide ; vide : jamais à ce rythme."
    )
    latest: date | None = strawberry.field(
        description="Au rythme du trimestre le plus lent ; vide : jamais à ce rythme."
    )


@strawberry.type(description="Quand les objectifs du périmètre sont atteints.")
class Forecast:
    as_of: date = strawberry.field(description="Date de lecture.")
    since: date = strawberry.field(description="Début des douze mois observés.")
    needed_by: date = strawberry.field(description="Date voulue, pour le rythme nécessaire.")
    targets: list[TargetForecast] = strawberry.field(
        description="Chaque strate qui a un objectif, puis la campagne si rien ne restreint."
    )
    method: str = strawberry.field(description="Comment ces dates sont calculées.")
    limits: str = strawberry.field(description="Ce qu’elles ne disent pas.")


@strawberry.type(description="Lectures du temps à venir.")
class ForecastQuery:
    @resolved(
        "Quand chaque objectif est atteint au rythme des douze derniers mois. Le périmètre ne porte"
        " pas de date."
    )
    async def forecast(
        self,
        info: Request,
        scope: ScopeArgument = None,
        needed_by: Annotated[
            date | None,
            strawberry.argument(
                description="Date voulue ; sinon l’échéance de la campagne si elle est à venir, ou"
                " dans douze mois."
            ),
        ] = None,
    ) -> Forecast:
        wanted = scope.to_domain() if scope else Scope()
        async with info.context.read() as session:
            found = await forecast.forecast(session, wanted, needed_by)
        return Forecast(
            as_of=found.as_of,
            since=found.since,
            needed_by=found.needed_by,
            targets=[TargetForecast(**asdict(target)) for target in found.targets],
            method=found.method,
            limits=found.limits,
        )
