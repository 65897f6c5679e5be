from dataclasses import dataclass
from datetime import date

from strawberry.types import Info

from registry.api.loaders import Loaders, Read
from registry.api.rates import Allowance
from registry.api.requests import Asked


@dataclass(frozen=True, slots=True)
class Context:
    """What resolvers share. Sibling fields run at once, so each one opens its own short read."""

    read: Read
    loaders: Loaders
    today: date
    stale_after_months: int
    asked: Asked
    allowance: Allowance


Request = Info[Context, None]
