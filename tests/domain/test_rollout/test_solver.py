"""Plans of a size that the random registries don't reach. What is claimed to be the best is tried
against all that could be better, and the bound against one that exact fractions give."""

import asyncio
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import ceil

import pytest

from registry.domain.rollout.covering import (
    Group,
    Objective,
    Question,
    first_choice,
    in_order,
    preference,
    result,
)
from registry.domain.rollout.solver import solve

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
    assert choice.bounds[STEPS] >= exact_bound(asked)


def exact_bound(asked: Question) -> int:
    """A bound on the steps by duality, in exact fractions, whatever the multipliers.

    For any price of each target, what a set of candidates brings is shared among them; none may
    bring more than its share, so that the steps are at least what is lacked over the largest.
    """
    best = Fraction(0)
    for target, need in enumerate(asked.needs):
        within = min(need, sum(group.counts[target] for group in asked.groups))
        brings = [
            sum(group.counts[target] for group in asked.groups if candidate in group.candidates)
            for candidate in range(asked.candidates)
        ]
        left, count = within, 0
        for one in sorted(brings, reverse=True):
            if left <= 0:
                break
            left, count = left - one, count + 1
        best = max(best, Fraction(within, max(brings, default=1) or 1), Fraction(count))
    return ceil(best)


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
