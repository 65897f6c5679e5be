"""The collectivités that wait, grouped by what would unlock them, and what a plan may choose."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.covering import Group
from registry.domain.rollout.fixes import with_fixed_state
from registry.domain.rollout.readiness import with_state
from registry.domain.rollout.scope import Bound
from registry.domain.rollout.verdicts import Verdict

BANDS = (0, 3_501, 20_000, 100_000)
"""The least population of each."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """``size`` collectivités of the same strata and band, that any of the candidates unlocks."""

    strata: tuple[str, ...]
    candidates: tuple[int, ...]
    least: int | None
    size: int
    population: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vendor, or one product of its own; ``id`` is that of the one or the other."""

    id: int
    vendor_id: int
    vendor_siren: str
    vendor_name: str
    product_id: int | None
    slug: str | None
    product_name: str | None


@dataclass(frozen=True, slots=True)
class ProductPart:
    """``unlocked`` by this product alone. ``declared_on``: the vendor's last word on it, if any."""

    product_id: int
    vendor_siren: str
    slug: str
    name: str
    verdict: Verdict
    unlocked: int
    declared_on: date | None


@dataclass(frozen=True, slots=True)
class Band:
    """Collectivités of ``least`` to ``most`` inhabitants, both included; both none: unknown."""

    least: int | None
    most: int | None
    count: int
    population: int


@dataclass(frozen=True, slots=True)
class Prospects:
    """``candidates`` in the order of their keys, and of each its ``parts``, the one that unlocks
    most first. A candidate is elsewhere its place among them.
    """

    candidates: tuple[Candidate, ...]
    parts: tuple[tuple[ProductPart, ...], ...]
    patterns: tuple[Pattern, ...]

    def groups(self, targets: Sequence[str | None]) -> tuple[Group, ...]:
        """In an order of their own; ``None`` is the target that all count for."""
        sizes: Counter[tuple[tuple[int, ...], tuple[str, ...]]] = Counter()
        for pattern in self.patterns:
            sizes[pattern.candidates, pattern.strata] += pattern.size
        return tuple(
            Group(candidates, tuple(size * (t is None or t in strata) for t in targets), size)
            for (candidates, strata), size in sorted(sizes.items())
        )

    def clients_of(self, candidate: int) -> tuple[Band, ...]:
        """Those that it unlocks by itself, the largest first."""
        counts: Counter[int | None] = Counter()
        inhabitants: Counter[int | None] = Counter()
        for pattern in self.patterns:
            if candidate in pattern.candidates:
                counts[pattern.least] += pattern.size
                inhabitants[pattern.least] += pattern.population
        return tuple(
            Band(least, _most(least), counts[least], inhabitants[least])
            for least in (*reversed(BANDS), None)
            if least in counts
        )


def _most(least: int | None) -> int | None:
    above = [bound for bound in BANDS if least is not None and bound > least]
    return above[0] - 1 if above else None


def _with_patterns(bound: Bound) -> str:
    """Where nothing is fixed ``fixed_state`` is ``state``, which costs half as much to read."""
    states = "fixed_state" if bound.values["fixed"] else "state"
    band = "CAST(:bands AS int[])"
    return f"""
    {with_fixed_state(bound)}
    SELECT strata, products, ({band})[width_bucket(population, {band})] AS least,
           count(*) AS size, CAST(coalesce(sum(population), 0) AS bigint) AS population
    FROM {states} WHERE rank > 1 AND products <> '{{}}' GROUP BY strata, products, least
    """


PRODUCTS = """
    SELECT product.id, slug, product.name, product.vendor_id, siren, vendor.name AS vendor_name,
           verdict, declared_on
    FROM verdict
    JOIN product ON product.id = product_id
    JOIN vendor ON vendor.id = product.vendor_id
    WHERE product.id = ANY(:ids)
    ORDER BY siren, slug
"""


async def read_prospects(
    session: AsyncSession, bound: Bound, by: Grouping, excluded: Iterable[int]
) -> Prospects:
    """Once the ``fixed`` products that ``bound`` holds are ready; ``excluded`` are not chosen."""
    values = bound.values | {"bands": [*BANDS]}
    rows = (await session.execute(sa.text(_with_patterns(bound)), values)).all()
    unlocked: Counter[int] = Counter()
    for _, products, _, size, _ in rows:
        for product in products:
            unlocked[product] += size
    query = sa.text(f"{with_state(bound)} {PRODUCTS}")
    ids = {"ids": [*unlocked.keys() - set(excluded)]}
    known = (await session.execute(query, bound.values | ids)).all()
    parts: dict[Candidate, list[ProductPart]] = {}
    for row in known:
        parts.setdefault(_candidate(row, by), []).append(_part(row, unlocked[row.id]))
    place = {part.product_id: i for i, own in enumerate(parts.values()) for part in own}
    return Prospects(
        tuple(parts),
        tuple(tuple(sorted(own, key=lambda part: -part.unlocked)) for own in parts.values()),
        tuple(_patterns(rows, place)),
    )


def _patterns(rows: Iterable[Any], place: Mapping[int, int]) -> Iterator[Pattern]:
    for strata, products, *rest in rows:
        if candidates := {place[product] for product in products if product in place}:
            yield Pattern(tuple(sorted(strata)), tuple(sorted(candidates)), *rest)


def _part(row: Any, unlocked: int) -> ProductPart:
    verdict = Verdict(row.verdict)
    return ProductPart(row.id, row.siren, row.slug, row.name, verdict, unlocked, row.declared_on)


def _candidate(row: Any, by: Grouping) -> Candidate:
    if by is Grouping.VENDOR:
        return Candidate(row.vendor_id, row.vendor_id, row.siren, row.vendor_name, None, None, None)
    return Candidate(row.id, row.vendor_id, row.siren, row.vendor_name, row.id, row.slug, row.name)
