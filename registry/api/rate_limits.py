from datetime import UTC, datetime, timedelta

import strawberry

from registry.api.context import Request
from registry.api.fields import resolved
from registry.auth.rates import Bucket


@strawberry.type(description="Ce qui reste à l’appelant, en points de coût par minute.")
class RateLimit:
    limit: int | None = strawberry.field(description="Points par minute ; vide : aucune limite.")
    cost: int = strawberry.field(description="Points que coûte cette requête.")
    remaining: int | None = strawberry.field(
        description="Points qui restent, cette requête déduite ; vide : aucune limite."
    )
    reset_at: datetime | None = strawberry.field(
        description="Quand tous seront revenus, peu à peu ; vide : aucune limite."
    )

    @classmethod
    def of(cls, points: Bucket, cost: int) -> "RateLimit":
        if not points.quota:
            return cls(limit=None, cost=cost, remaining=None, reset_at=None)
        return cls(
            limit=points.quota,
            cost=cost,
            remaining=points.remaining(),
            reset_at=datetime.now(UTC) + timedelta(seconds=points.full_in()),
        )


@strawberry.type(description="Lecture de ses propres limites.")
class RateLimitQuery:
    @resolved("Ce que l’appelant peut encore demander.")
    async def rate_limit(self, info: Request) -> RateLimit:
        return RateLimit.of(info.context.allowance.points, info.context.asked.cost)
