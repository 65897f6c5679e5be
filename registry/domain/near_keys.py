"""Keys that are a few letters away from what was typed, found without reading them all.

A key is cut in three pieces. Of two letters that are wrong, at least one piece has none: the keys
that share a piece with the text, where it may stand, are compared, and no others.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise

PIECES = 3
ONE_FROM, TWO_FROM = 5, 9
LONGEST = 80
"""Longer texts are no name."""

Place = tuple[int, int, str]


def wrong_letters(length: int) -> int:
    return (length >= ONE_FROM) + (length >= TWO_FROM)


class NearKeys:
    def __init__(self, keys: Collection[str]) -> None:
        self._keys: defaultdict[Place, list[str]] = defaultdict(list)
        for key in keys:
            if ONE_FROM <= len(key) <= LONGEST:
                for number, (start, end) in enumerate(_pieces(len(key))):
                    self._keys[len(key), number, key[start:end]].append(key)

    def near(self, text: str) -> dict[str, tuple[int, int]]:
        """How many letters are wrong, then whether a wrong one was typed (one that was left out,
        or two that changed places, are likelier).
        """
        if not 1 < len(text) <= LONGEST:
            return {}
        found: dict[str, tuple[int, int]] = {}
        for key in self._candidates(text):
            distance = apart(text, key, wrong_letters(len(key)))
            if distance:
                omitted = len(key) == len(text) + distance or sorted(key) == sorted(text)
                found[key] = (distance, 0 if omitted else 1)
        return found

    def _candidates(self, text: str) -> set[str]:
        found: set[str] = set()
        for place in _places(text, 0):
            found.update(self._keys.get(place, ()))
        for exchanged in _exchanged(text):
            for place in _places(exchanged, 1):
                found.update(self._keys.get(place, ()))
        return found


def apart(text: str, key: str, most: int) -> int | None:
    """Letters to put, leave out, replace or exchange; None: more than ``most``, two at most."""
    start = 0
    shared = min(len(text), len(key))
    while start < shared and text[start] == key[start]:
        start += 1
    end = 0
    while end < shared - start and text[-1 - end] == key[-1 - end]:
        end += 1
    text, key = text[start : len(text) - end], key[start : len(key) - end]
    if not text or not key:
        return len(text) + len(key) if len(text) + len(key) <= most else None
    if most == 0 or abs(len(text) - len(key)) > most:
        return None
    ways = [(text[1:], key[1:]), (text[1:], key), (text, key[1:])]
    if text[:2] == key[1::-1]:
        ways.append((text[2:], key[2:]))
    distances = [apart(*way, most - 1) for way in ways]
    return min((1 + each for each in distances if each is not None), default=None)


def _pieces(length: int) -> Iterator[tuple[int, int]]:
    edges = [length * number // PIECES for number in range(PIECES + 1)]
    return pairwise(edges)


def _exchanged(text: str) -> Iterator[str]:
    """Two letters that changed places across an edge would spoil two pieces."""
    for at in range(len(text) - 1):
        yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _places(text: str, known: int) -> Iterator[Place]:
    """``known``: how many letters are known to be wrong already."""
    for length in range(max(ONE_FROM, len(text) - 2), len(text) + 3):
        most = wrong_letters(length) - known
        if abs(length - len(text)) <= most:
            for number, (start, end) in enumerate(_pieces(length)):
                for at in range(max(0, start - most), start + most + 1):
                    yield length, number, text[at : at + end - start]
