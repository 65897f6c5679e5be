"""Simulation and plan by trying every set of fixes: contract.md §3."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from tests.oracle.answers import Coverage, coverage
from tests.oracle.world import ProductKey, Scope, World

Fix = tuple[str, str | None]
"""A vendor and one of its products; no product: all those of the vendor."""


@dataclass(frozen=True)
class Wishes:
    by: str = "VENDOR"
    excluded: frozenset[Fix] = frozenset()
    promised: frozenset[Fix] = frozenset()
    at_most: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What the best plan comes to; `steps` is how many."""

    gap: int
    steps: int
    unlocked: int


def products_of(world: World, fixes: Iterable[Fix]) -> frozenset[ProductKey]:
    wanted = set(fixes)
    return frozenset(
        product.key
        for product in world.products
        if product.key in wanted or (product.vendor, None) in wanted
    )


def simulated(world: World, scope: Scope, fixes: Iterable[Fix]) -> Coverage:
    return coverage(replace(world, fixed=products_of(world, fixes)), scope)


def gap(answer: Coverage) -> int:
    """The sum over the scope's strata, and the total where it has a target."""
    return sum(
        max(0, row.target_count - row.connected - row.ready)
        for row in (*answer.strata, answer.total)
        if row.target_count is not None
    )


def promised(world: World, wishes: Wishes) -> World:
    """What is said of a product prevails over what is said of its vendor."""
    vendors = products_of(world, {fix for fix in wishes.promised if fix[1] is None})
    products = products_of(world, {fix for fix in wishes.promised if fix[1] is not None})
    refused = products_of(world, {fix for fix in wishes.excluded if fix[1] is not None})
    return replace(world, fixed=products | (vendors - refused))


def candidates(world: World, wishes: Wishes) -> dict[Fix, frozenset[ProductKey]]:
    """Each with what fixing it fixes: an excluded product is taken out of its vendor's fix."""
    refused = products_of(world, wishes.excluded)
    fixes: set[Fix] = (
        {(siren, None) for siren in world.vendors}
        if wishes.by == "VENDOR"
        else {product.key for product in world.products}
    )
    return {fix: products_of(world, {fix}) - refused for fix in fixes}


def carried_out(world: World, wishes: Wishes, chosen: Iterable[Fix]) -> World:
    start = promised(world, wishes)
    offered = candidates(world, wishes)
    return replace(start, fixed=start.fixed.union(*(offered[fix] for fix in chosen)))


def outcome(world: World, scope: Scope, wishes: Wishes, chosen: Iterable[Fix]) -> Outcome:
    taken = set(chosen)
    start = coverage(promised(world, wishes), scope)
    after = coverage(carried_out(world, wishes, taken), scope)
    return Outcome(gap(after), len(taken), after.total.ready - start.total.ready)


def sets_of(world: World, wishes: Wishes) -> Iterator[tuple[Fix, ...]]:
    offered = sorted(fix for fix, products in candidates(world, wishes).items() if products)
    most = len(offered) if wishes.at_most is None else min(wishes.at_most, len(offered))
    for size in range(most + 1):
        yield from combinations(offered, size)


def best(world: World, scope: Scope, wishes: Wishes) -> Outcome:
    """The smallest gap, then the fewest steps, then the most unlocked; where the steps are limited
    the most coverage comes before the fewest steps.
    """
    found = (outcome(world, scope, wishes, chosen) for chosen in sets_of(world, wishes))
    if wishes.at_most is None:
        return min(found, key=lambda one: (one.gap, one.steps, -one.unlocked))
    return min(found, key=lambda one: (one.gap, -one.unlocked, one.steps))
