"""Draws made from `Random.random` alone: Python promises its sequence, not that of the others."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, name: str) -> Random:
    """One stream a subject: a smaller geography leaves vendors, products and histories alike."""
    return Random(f"{seed}/{name}")  # noqa: S311


def between(rng: Random, low: int, high: int) -> int:
    """Both ends included."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: Random, choices: Sequence[T]) -> T:
    return choices[int(rng.random() * len(choices))]


def weighted(rng: Random, weights: Mapping[T, float]) -> T:
    choices = tuple(weights)
    return choices[draw(rng, tuple(accumulate(weights.values())))]


def draw(rng: Random, cumulative: Sequence[float]) -> int:
    """The index drawn; `cumulative` holds the running sums of the weights."""
    return bisect(cumulative, rng.random() * cumulative[-1], 0, len(cumulative) - 1)


def shuffled(rng: Random, items: Sequence[T], weights: Sequence[float] | None = None) -> list[T]:
    """In random order; heavier items tend to come first."""
    keys = [rng.random() ** (1 / weight) for weight in weights or [1.0] * len(items)]
    order = sorted(range(len(items)), key=lambda n: (-keys[n], n))
    return [items[n] for n in order]
