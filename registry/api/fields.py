from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[Resolver], Resolver]:
    """``strawberry.field`` on a method, with the method's own type kept for the checker."""
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description))
