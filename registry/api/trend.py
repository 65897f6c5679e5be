"""Coverage over time, and what it lets expect of the targets."""

from datetime import date
from typing import Annotated

import strawberry

from models import Stratum
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.rollout import Coverage, ScopeArgument
from registry.domain.rollout import trend
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.trend import Step


@strawberry.type(description="Ce qu’un nombre est devenu d’une date à l’autre.")
class Gain:
    start: int = strawberry.field(description="Au premier jour.")
    end: int = strawberry.field(description="Au dernier.")
    gained: int = strawberry.field(description="La différence.")
    per_month: float | None = strawberry.field(
        description="Par mois de 30,4375 jours ; vide : la période est d’un seul jour."
    )

    @classmethod
    def of(cls, gain: trend.Gain) -> "Gain":
        return cls(start=gain.start, end=gain.end, gained=gain.gained, per_month=gain.per_month)


@strawberry.type(description="Rythme d’une strate sur la période.")
class StratumPace:
    stratum: Stratum | None = strawberry.field(
        description="Strate ; vide : tout le périmètre, chaque collectivité comptée une fois."
    )
    connected: Gain = strawberry.field(description="Raccordées à FranceConnect.")
    ready: Gain = strawberry.field(description="Qui peuvent l’activer dès maintenant.")


@strawberry.type(description="Couverture au fil du temps.")
class Trend:
    points: list[Coverage] = strawberry.field(description="La couverture à chaque date, en ordre.")
    pace: list[StratumPace] = strawberry.field(
        description="Rythme de chaque strate du périmètre, puis de l’ensemble."
    )

    @classmethod
    def of(cls, found: trend.Trend) -> "Trend":
        return cls(
            points=[Coverage.of(point) for point in found.points],
            pace=[
                StratumPace(
                    stratum=pace.stratum,
                    connected=Gain.of(pace.connected),
                    ready=Gain.of(pace.ready),
                )
                for pace in found.pace
            ],
        )


@strawberry.type(description="Lectures du temps passé.")
class TrendQuery:
    @resolved(
        "La couverture au fil du temps, d’après les dates déclarées ; 25 dates au plus. Le"
        " périmètre ne porte pas de date."
    )
    async def trend(
        self,
        info: Request,
        start: Annotated[date, strawberry.argument(name="from", description="Première date lue.")],
        end: Annotated[
            date | None,
            strawberry.argument(name="to", description="Dernière date lue ; aujourd’hui sinon."),
        ] = None,
        step: Annotated[
            Step | None, strawberry.argument(description="Ce qui sépare deux dates.")
        ] = Step.MONTH,
        scope: ScopeArgument = None,
    ) -> Trend:
        wanted = scope.to_domain() if scope else Scope()
        async with info.context.read() as session:
            found = await trend.trend(session, wanted, start, end, step or Step.MONTH)
        return Trend.of(found)
