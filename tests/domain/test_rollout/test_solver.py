"""Plans of a size that the random registries don't reach. What is claimed to be the best is tried
against all that could be better, and the bound against one that exact fractions give."""

import asyncio
import random
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, pairwise
from math import ceil
from typing import Any

import pytest
from highspy._core import _Highs

from registry.domain.rollout import solver
from registry.domain.rollout.covering import (
    Group,
    Objective,
    Question,
    first_choice,
    in_order,
    preference,
    result,
)
from registry.domain.rollout.solver import OPTIONS, Model, build, solve, stated

GAP, STEPS, UNLOCKED = Objective.GAP, Objective.STEPS, Objective.UNLOCKED


def question(seed: int, *, candidates: int, groups: int, at_most: int | None = None) -> Question:
    """Three targets and a total; what is lacked is more or less out of reach."""
    chance = random.Random(seed)
    made = []
    for _ in range(groups):
        several = chance.choice((1, 1, 2, 2, 3))
        size = chance.choice((1, 1, 2, 5, 20))
        target = chance.randrange(3)
        counts = tuple(size * (one in (target, 3)) for one in range(4))
        who = tuple(sorted(chance.sample(range(candidates), several)))
        made.append(Group(who, counts, size))
    most = [sum(group.counts[target] for group in made) for target in range(4)]
    needs = tuple(int(one * chance.choice((0, 0.1, 0.2, 0.3))) for one in most)
    return Question(candidates, tuple(made), needs, at_most)


def sets(asked: Question, sizes: range) -> Iterator[tuple[int, ...]]:
    for size in sizes:
        yield from combinations(range(asked.candidates), size)


@pytest.mark.parametrize("at_most", [None, 1, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_the_choice_is_the_best_of_all(seed: int, at_most: int | None) -> None:
    asked = question(seed, candidates=9, groups=60, at_most=at_most)
    most = asked.candidates if at_most is None else at_most
    best = min(preference(asked, result(asked, one)) for one in sets(asked, range(most + 1)))
    choice = solve(asked, 60)
    assert choice.optimal
    assert preference(asked, choice.reached) == best
    assert choice.reached == choice.bounds == result(asked, choice.chosen)


@pytest.mark.parametrize("seed", range(4))
def test_no_smaller_set_does_as_well_among_many(seed: int) -> None:
    asked = question(seed, candidates=20, groups=200)
    choice = solve(asked, 60)
    gap, steps = choice.reached[GAP], choice.reached[STEPS]
    assert choice.optimal
    assert gap == result(asked, range(asked.candidates))[GAP]
    smaller = range(max(0, min(steps, 5) - 1), min(steps, 5))
    assert all(result(asked, one)[GAP] > gap for one in sets(asked, smaller))
    assert exact_bound(asked, gap) == steps


def exact_bound(asked: Question, gap: int) -> int:
    """No set that leaves this gap has fewer steps: by duality, in exact fractions. Any prices of
    the rows give a bound; those of the relaxation give a good one.
    """
    model = build(asked)
    width, free = model.width, len(model.needs)
    rows = [
        {model.columns[k]: Fraction(model.values[k]) for k in range(start, end)}
        for start, end in pairwise(model.starts)
    ]
    least = [*[0] * (width - free), *model.least_lacks]
    most = [*[1] * (width - free), *model.needs]
    at_least = [*[None] * len(model.sets), *model.needs, *[None] * 3]
    at_up_to = [*[0] * len(model.sets), *[None] * free, gap, asked.candidates, None]
    reduced = [Fraction(cost) for cost in model.costs[STEPS]]
    bound = Fraction(0)
    for row, price, low, high in zip(rows, prices(model, gap), at_least, at_up_to, strict=True):
        side = low if price > 0 else high
        if side is not None:
            bound += price * side
            for column, value in row.items():
                reduced[column] -= price * value
    bound += sum(
        min(cost * low, cost * high) for cost, low, high in zip(reduced, least, most, strict=True)
    )
    return ceil(bound)


def prices(model: Model, gap: int) -> list[Fraction]:
    """Of the rows, where a candidate may be taken in part."""
    relaxed = stated(model, STEPS, {GAP: gap})
    relaxed.integrality_ = []
    highs = _Highs()
    for name, value in OPTIONS.items():
        highs.setOptionValue(name, value)
    highs.passModel(relaxed)
    highs.run()
    return [Fraction(price) for price in highs.getSolution().row_dual]


@pytest.mark.parametrize("at_most", [None, 4])
@pytest.mark.parametrize("time_limit", [-1.0, 0.0, 0.05])
def test_when_time_ends_the_best_found_is_told_with_its_bound(
    at_most: int | None, time_limit: float
) -> None:
    asked = question(11, candidates=60, groups=3_000, at_most=at_most)
    choice, best = solve(asked, time_limit), solve(asked, 60)
    assert best.optimal
    assert choice.reached == result(asked, choice.chosen)
    assert at_most is None or len(choice.chosen) <= at_most
    assert preference(asked, best.reached) <= preference(asked, choice.reached)
    assert preference(asked, choice.reached) <= preference(
        asked, result(asked, first_choice(asked))
    )
    assert choice.optimal == (choice.reached == best.reached == choice.bounds)
    for objective, bound in choice.bounds.items():
        if objective is UNLOCKED:
            assert bound >= best.reached[objective]
        else:
            assert bound <= best.reached[objective]
        if bound != choice.reached[objective]:
            break


def test_nothing_to_close_is_no_step() -> None:
    asked = Question(2, (Group((0, 1), (3,), 3),), (0,))
    choice = solve(asked, 60)
    assert (choice.chosen, choice.optimal) == ((), True)


def test_nothing_to_choose_leaves_the_gap() -> None:
    choice = solve(Question(0, (), (4, 1)), 60)
    assert (choice.chosen, choice.reached[GAP], choice.optimal) == ((), 5, True)


def test_an_order_by_gap_then_unlocked_then_key() -> None:
    groups = (
        Group((0,), (1, 0), 1),
        Group((1,), (1, 0), 5),
        Group((2,), (0, 2), 2),
        Group((3,), (1, 0), 1),
    )
    asked = Question(4, groups, (3, 2))
    assert [step.candidate for step in in_order(asked, range(4))] == [2, 1, 0, 3]


async def test_several_are_solved_at_once() -> None:
    asked = [question(seed, candidates=25, groups=400) for seed in range(3)]
    together = await asyncio.gather(*(asyncio.to_thread(solve, one, 60) for one in asked))
    assert together == [solve(one, 60) for one in asked]


def test_no_time_is_left_once_it_passed_while_the_model_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HiGHS has no limit at all where it is given one below zero."""
    limits = []

    optimise = solver.optimise

    def slowly(asked: Question) -> Model:
        time.sleep(0.2)
        return build(asked)

    def watched(*given: Any, time_limit: float) -> Any:
        limits.append(time_limit)
        return optimise(*given, time_limit=time_limit)

    monkeypatch.setattr(solver, "build", slowly)
    monkeypatch.setattr(solver, "optimise", watched)
    asked = question(1, candidates=20, groups=200)
    choice = solve(asked, 0.1)
    assert limits == [0.0]
    assert choice.reached == result(asked, choice.chosen)
