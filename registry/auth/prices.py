"""Points of the answers that ask for work besides what they bring: about one for each millisecond
measured on the demo registry, whose 200,000 deployments two quiet cores read.
"""

from dataclasses import dataclass

from registry.domain.rollout.scope import Scope


@dataclass(frozen=True, slots=True)
class Price:
    """``whole``: of the country; ``narrowed``: of a territory. ``computed`` is where the derived
    tables don't hold: at a date, or for one démarche.
    """

    whole: int
    narrowed: int
    computed: int
    computed_narrowed: int

    @classmethod
    def flat(cls, points: int) -> "Price":
        return cls(points, points, points, points)

    def points(self, *, narrowed: bool, computed: bool) -> int:
        if computed:
            return self.computed_narrowed if narrowed else self.computed
        return self.narrowed if narrowed else self.whole

    def of(self, scope: Scope) -> int:
        return self.points(
            narrowed=bool(scope.departement or scope.region or scope.epci),
            computed=scope.as_of is not None or scope.demarche is not None,
        )


COVERAGE = Price(20, 50, 400, 150)
BLOCKERS = Price(20, 50, 600, 200)
SIMULATION = Price(100, 150, 1_000, 400)
FORECAST = Price(1_000, 400, 1_000, 400)
TREND = Price(1_500, 600, 1_500, 600)
CHANGES = Price(800, 300, 800, 300)
PLAN = Price(3_000, 1_000, 3_000, 1_000)
READINESS = Price(10, 10, 40, 40)
VERDICT = Price(2, 2, 30, 30)
NEXT_STEP = Price.flat(40)
BLOCKING = Price.flat(20)
TOTAL = Price.flat(15)
