"""The shortest way to the targets: whom to convince, in which order, and what is proven of it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Stratum
from registry.domain.errors import InvalidInput
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.coverage import Counts, Coverage, measure_bound
from registry.domain.rollout.covering import (
    Objective,
    Question,
    Step,
    in_order,
    priorities,
    result,
)
from registry.domain.rollout.fixes import NOTHING, Fixes, catalogue, known
from registry.domain.rollout.patterns import (
    Band,
    Candidate,
    ProductPart,
    Prospects,
    read_prospects,
)
from registry.domain.rollout.scope import Bound, Scope, bind
from registry.domain.rollout.simulation import measure_fixed, with_fixed
from registry.domain.rollout.solver import Choice, solve

TIME_LIMIT = 10.0
SOLVERS = ThreadPoolExecutor(2, thread_name_prefix="plan")
"""A question that waits too long for one of them gets the first set that comes to hand."""

HEAD = sa.text("SELECT max(seq) FROM ledger")

Read = Callable[[], AbstractAsyncContextManager[AsyncSession]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """``excluded`` are never chosen; ``promised`` are taken as given, and are no steps. What is
    said of a product prevails over what is said of its vendor.
    """

    by: Grouping = Grouping.VENDOR
    excluded: Fixes = NOTHING
    promised: Fixes = NOTHING
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class PlanStep:
    """``unlocked``: what it adds to the steps before it; ``alone``: what it would unlock without
    them; ``products`` and ``clients`` speak of it without them too.
    """

    rank: int
    candidate: Candidate
    gap_closed: int
    gap_left: int
    unlocked: int
    unlocked_alone: int
    unlocked_cumulated: int
    products: tuple[ProductPart, ...]
    clients: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class PlanTarget:
    """Of a stratum, or of all of them; ``counts`` are those once the plan is carried out, and
    ``best`` what would be connected or ready if all that may be chosen were.
    """

    stratum: Stratum | None
    target_count: int
    counts: Counts
    best: int

    @property
    def reached(self) -> int:
        return self.counts.connected + self.counts.ready

    @property
    def missing(self) -> int:
        return max(0, self.target_count - self.reached)

    @property
    def reachable(self) -> bool:
        return self.best >= self.target_count


@dataclass(frozen=True, slots=True)
class Proof:
    """``bound``: no plan does better, given the objectives before it; none: not come to in time."""

    objective: Objective
    reached: int
    bound: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    by: Grouping
    steps: tuple[PlanStep, ...]
    before: Coverage
    after: Coverage
    initial_gap: int
    gap: int
    targets: tuple[PlanTarget, ...]
    proofs: tuple[Proof, ...]

    @property
    def reachable(self) -> bool:
        return self.gap == 0

    @property
    def optimal(self) -> bool:
        return all(proof.bound == proof.reached for proof in self.proofs)

    @property
    def relative_gap(self) -> float | None:
        """Of the first objective that is not proven to be the best; none: no bound is known."""
        for proof in self.proofs:
            if proof.bound is None:
                return None
            if proof.bound != proof.reached:
                return abs(proof.bound - proof.reached) / max(1, proof.reached)
        return 0.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What a plan is made on, as it was read at once. ``promised``: the coverage once what is
    promised is ready; its products' ids are ``given``, and ``refused`` those never to choose.
    """

    head: int | None
    bound: Bound
    given: frozenset[int]
    refused: frozenset[int]
    before: Coverage
    promised: Coverage
    prospects: Prospects
    targets: tuple[tuple[Stratum | None, int], ...]
    question: Question


async def draw_up(
    read: Read, scope: Scope, wishes: Wishes, *, time_limit: float = TIME_LIMIT
) -> Plan:
    """No session is held while the solver works; where the registry changes meanwhile, the set is
    counted anew on what it has become, and nothing is proven of it.
    """
    deadline = monotonic() + time_limit
    async with read() as session:
        ground = await read_ground(session, scope, wishes)
    choice = await asyncio.get_running_loop().run_in_executor(
        SOLVERS, lambda: solve(ground.question, deadline - monotonic())
    )
    async with read() as session:
        if await session.scalar(HEAD) != ground.head:
            chosen = {ground.prospects.candidates[index].id for index in choice.chosen}
            ground = await read_ground(session, scope, wishes)
            choice = _again(ground, chosen)
        fixed = await _fixed(session, ground, choice.chosen)
        after = await measure_fixed(session, scope, ground.bound, ground.given | fixed)
    return await asyncio.get_running_loop().run_in_executor(
        SOLVERS, _plan, wishes.by, ground, choice, after
    )


async def read_ground(session: AsyncSession, scope: Scope, wishes: Wishes) -> Ground:
    head = await session.scalar(HEAD)
    given, refused = await _wished(session, wishes)
    bound = await bind(session, scope)
    before = await measure_bound(session, scope, bound)
    promised = await measure_fixed(session, scope, bound, given) if given else before
    prospects = await read_prospects(session, with_fixed(bound, given), wishes.by, refused)
    targets = _targets(promised)
    counts = _counts(promised)
    needs = [max(0, wanted - _reached(counts[stratum])) for stratum, wanted in targets]
    groups = prospects.groups([stratum for stratum, _ in targets])
    question = Question(len(prospects.candidates), groups, tuple(needs), wishes.at_most)
    return Ground(head, bound, given, refused, before, promised, prospects, targets, question)


async def _wished(session: AsyncSession, wishes: Wishes) -> tuple[frozenset[int], frozenset[int]]:
    """The products that are promised, and those that are not to be chosen."""
    if wishes.at_most is not None and wishes.at_most < 1:
        raise InvalidInput("at_most", "Le nombre d’étapes est d’au moins 1.")
    excluded = await known(session, wishes.excluded, "excluded")
    promised = await known(session, wishes.promised, "promised")
    if excluded.products & promised.products or excluded.vendors & promised.vendors:
        raise InvalidInput("excluded", "Un même éditeur ou logiciel est exclu et promis.")
    sold = await catalogue(session, promised.vendors)
    refused = await catalogue(session, excluded.vendors) | excluded.products
    return promised.products | (sold - excluded.products), refused


def _targets(coverage: Coverage) -> tuple[tuple[Stratum | None, int], ...]:
    lines = [(line.stratum, line.target_count) for line in coverage.strata]
    every = [*lines, (None, coverage.total.target_count)]
    return tuple((stratum, wanted) for stratum, wanted in every if wanted is not None)


def _counts(coverage: Coverage) -> dict[Stratum | None, Counts]:
    found: dict[Stratum | None, Counts] = {None: coverage.total.counts}
    return found | {line.stratum: line.counts for line in coverage.strata}


def _reached(counts: Counts) -> int:
    return counts.connected + counts.ready


def _again(ground: Ground, ids: set[int]) -> Choice:
    candidates = enumerate(ground.prospects.candidates)
    chosen = tuple(place for place, candidate in candidates if candidate.id in ids)
    return Choice(chosen, result(ground.question, chosen), {})


async def _fixed(session: AsyncSession, ground: Ground, chosen: Sequence[int]) -> frozenset[int]:
    """The products of a vendor that unlock nobody become ready too."""
    taken = [ground.prospects.candidates[place] for place in chosen]
    products = {one.product_id for one in taken if one.product_id is not None}
    vendors = [one.vendor_id for one in taken if one.product_id is None]
    return (await catalogue(session, vendors) | products) - ground.refused


def _plan(by: Grouping, ground: Ground, choice: Choice, after: Coverage) -> Plan:
    return Plan(
        by=by,
        steps=_steps(ground, in_order(ground.question, choice.chosen)),
        before=ground.before,
        after=after,
        initial_gap=sum(ground.question.needs),
        gap=choice.reached[Objective.GAP],
        targets=_attained(ground, after),
        proofs=tuple(
            Proof(objective, choice.reached[objective], choice.bounds.get(objective))
            for objective in priorities(ground.question)
        ),
    )


def _steps(ground: Ground, steps: Iterable[Step]) -> tuple[PlanStep, ...]:
    gap, unlocked, told = sum(ground.question.needs), 0, []
    for rank, step in enumerate(steps, start=1):
        gap, unlocked = gap - step.gap_closed, unlocked + step.unlocked
        told.append(
            PlanStep(
                rank=rank,
                candidate=ground.prospects.candidates[step.candidate],
                gap_closed=step.gap_closed,
                gap_left=gap,
                unlocked=step.unlocked,
                unlocked_alone=step.alone,
                unlocked_cumulated=unlocked,
                products=ground.prospects.parts[step.candidate],
                clients=ground.prospects.clients_of(step.candidate),
            )
        )
    return tuple(told)


def _attained(ground: Ground, after: Coverage) -> tuple[PlanTarget, ...]:
    promised, attained = _counts(ground.promised), _counts(after)
    return tuple(
        PlanTarget(
            stratum,
            wanted,
            attained[stratum],
            _reached(promised[stratum]) + sum(group.counts[i] for group in ground.question.groups),
        )
        for i, (stratum, wanted) in enumerate(ground.targets)
    )
