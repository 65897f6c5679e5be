"""Which candidates to take so that targets are met: plain numbers, nothing of the registry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Group:
    """Those whom any one of the same candidates unlocks: ``size`` of them, of whom ``counts`` for
    each target.
    """

    candidates: tuple[int, ...]
    counts: tuple[int, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Question:
    """``needs``: what each target lacks, never negative. A candidate is its place in the order
    that breaks ties.
    """

    candidates: int
    groups: tuple[Group, ...]
    needs: tuple[int, ...]
    at_most: int | None = None


class Objective(StrEnum):
    GAP = "GAP"
    STEPS = "STEPS"
    UNLOCKED = "UNLOCKED"


Result = dict[Objective, int]


def priorities(question: Question) -> tuple[Objective, Objective, Objective]:
    """What is sought first; all is to be made small but what is unlocked."""
    if question.at_most is None:
        return Objective.GAP, Objective.STEPS, Objective.UNLOCKED
    return Objective.GAP, Objective.UNLOCKED, Objective.STEPS


def result(question: Question, chosen: Iterable[int]) -> Result:
    taken = set(chosen)
    reached = [group for group in question.groups if not taken.isdisjoint(group.candidates)]
    gap = sum(
        max(0, need - sum(group.counts[target] for group in reached))
        for target, need in enumerate(question.needs)
    )
    unlocked = sum(group.size for group in reached)
    return {Objective.GAP: gap, Objective.STEPS: len(taken), Objective.UNLOCKED: unlocked}


def preference(question: Question, reached: Result) -> tuple[int, ...]:
    """The smaller the better."""
    return tuple(
        -reached[objective] if objective is Objective.UNLOCKED else reached[objective]
        for objective in priorities(question)
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What a candidate adds after those before it; ``alone``: what it would unlock by itself."""

    candidate: int
    gap_closed: int
    unlocked: int
    alone: int


def in_order(question: Question, among: Iterable[int]) -> list[Step]:
    """Greedily by gap closed, then by unlocked, then by key."""
    alone = _gains(question)
    gains = [list(gain) for gain in alone]
    of_candidate = _groups_of(question)
    waiting, lacking = sorted(among), list(question.needs)
    covered: set[int] = set()
    steps = []
    while waiting:
        best = min(waiting, key=lambda one: (-_closed(gains[one], lacking), -gains[one][-1], one))
        gain = list(gains[best])
        steps.append(Step(best, _closed(gain, lacking), gain[-1], alone[best][-1]))
        waiting.remove(best)
        lacking = [max(0, need - count) for need, count in zip(lacking, gain, strict=False)]
        for index in of_candidate[best] - covered:
            group = question.groups[index]
            for other in group.candidates:
                _add(gains[other], group, -1)
        covered |= of_candidate[best]
    return steps


def first_choice(question: Question) -> tuple[int, ...]:
    """A set that leaves the smallest gap, or the steps that come first where they are limited."""
    steps = in_order(question, range(question.candidates))
    if question.at_most is None:
        steps = [step for step in steps if step.gap_closed]
    return tuple(step.candidate for step in steps[: question.at_most])


def _closed(gain: Sequence[int], lacking: Sequence[int]) -> int:
    return sum(min(count, need) for count, need in zip(gain, lacking, strict=False))


def _gains(question: Question) -> list[list[int]]:
    """For each candidate what it adds to each target, and last what it unlocks."""
    gains = [[0] * (len(question.needs) + 1) for _ in range(question.candidates)]
    for group in question.groups:
        for candidate in group.candidates:
            _add(gains[candidate], group, 1)
    return gains


def _add(gain: list[int], group: Group, sign: int) -> None:
    for target, count in enumerate(group.counts):
        gain[target] += sign * count
    gain[-1] += sign * group.size


def _groups_of(question: Question) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in range(question.candidates)]
    for index, group in enumerate(question.groups):
        for candidate in group.candidates:
            found[candidate].add(index)
    return found
