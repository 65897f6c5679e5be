from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.types import Info

from registry.api.loaders import Loaders, Read
from registry.api.requests import Asked
from registry.auth.rates import Allowance
from registry.domain.actor import Actor


@dataclass(frozen=True, slots=True)
class Context:
    """What resolvers share. Sibling fields run at once, so each one opens its own short read."""

    read: Read
    loaders: Loaders
    today: date
    stale_after_months: int
    asked: Asked
    actor: Actor
    transaction: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    allowance: Allowance
    charge: Callable[[], Awaitable[None]]
    charters: Mapping[str, str]
    value: Callable[[str, Sequence[object]], Awaitable[Any]]


Request = Info[Context, None]
