"""Which candidates to take so that targets are met: plain numbers, nothing of the registry."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, takewhile


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


def in_order(question: Question, among: Iterable[int]) -> Iterator[Step]:
    """Greedily by gap closed, then by unlocked, then by key."""
    brought = _brought(question, among)
    gains = {one: _gain(question, groups) for one, groups in brought.items()}
    alone = {one: gain[-1] for one, gain in gains.items()}
    lacking, covered = question.needs, set[int]()
    while gains:
        best = min(gains, key=lambda one: (-_closed(gains[one], lacking), -gains[one][-1], one))
        gain = gains.pop(best)
        yield Step(best, _closed(gain, lacking), gain[-1], alone[best])
        lacking = tuple(max(0, n - count) for n, count in zip(lacking, gain, strict=False))
        for index in brought[best]:
            if index not in covered:
                covered.add(index)
                group = question.groups[index]
                for other in gains.keys() & group.candidates:
                    _add(gains[other], group, -1)


def first_choice(question: Question) -> tuple[int, ...]:
    """A set that leaves the smallest gap, or the steps that come first where they are limited."""
    steps = in_order(question, range(question.candidates))
    if question.at_most is None:
        return tuple(step.candidate for step in takewhile(lambda step: step.gap_closed, steps))
    return tuple(step.candidate for step in islice(steps, question.at_most))


def _closed(gain: Sequence[int], lacking: Sequence[int]) -> int:
    return sum(min(count, need) for count, need in zip(gain, lacking, strict=False))


def _brought(question: Question, among: Iterable[int]) -> dict[int, list[int]]:
    """The groups that each of these candidates unlocks."""
    found: dict[int, list[int]] = {one: [] for one in sorted(among)}
    for index, group in enumerate(question.groups):
        for candidate in group.candidates:
            if candidate in found:
                found[candidate].append(index)
    return found


def _gain(question: Question, groups: Iterable[int]) -> list[int]:
    """What they add to each target, and last what they unlock."""
    gain = [0] * (len(question.needs) + 1)
    for index in groups:
        _add(gain, question.groups[index], 1)
    return gain


def _add(gain: list[int], group: Group, sign: int) -> None:
    for target, count in enumerate(group.counts):
        if count:
            gain[target] += sign * count
    gain[-1] += sign * group.size
