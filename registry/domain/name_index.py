"""Every name of the registry, as people may type it: made of rows, without the database."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from registry.domain.near_keys import NearKeys
from registry.domain.spellings import OTHER_NAME, SAME, keys_of_name, keys_of_text, whole, words_of

BEYOND = "\U0010ffff"
FIRST = 5
"""How many of those that are a letter away may come before the names that begin so."""


@dataclass(frozen=True, slots=True)
class Named:
    """``weight``: people concerned; the most come first. ``codes`` are folded."""

    noun: str
    id: int
    key: str
    name: str
    weight: float
    other_names: Sequence[str] = ()
    codes: Sequence[str] = ()


class NameIndex:
    """``find`` does bounded work: it reads a part of the keys, never all the names."""

    def __init__(self, rows: Iterable[Named]) -> None:
        self.rows = sorted(rows, key=lambda row: (-row.weight, row.key, row.noun))
        exact: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        words: defaultdict[str, list[int]] = defaultdict(list)
        near: set[str] = set()
        self._texts: list[str] = []
        for place, row in enumerate(self.rows):
            for key, distance in _keys(row):
                exact[key].append((place, distance))
                if distance in (SAME, OTHER_NAME):
                    near.add(key)
            own = _words(row)
            self._texts.append(" ".join(("", *own)))
            for word in own:
                words[word].append(place)
        exact.pop("", None)
        self._exact = exact
        self._keys = sorted(exact)
        self._words = sorted(words)
        self._places = [words[word] for word in self._words]
        self._near = NearKeys(near)

    def find(self, text: str, first: int) -> list[Named]:
        """The very name, one name that begins so, those a letter away, the rest that begin so,
        then those of which words begin so.
        """
        keys = keys_of_text(text)
        same = self._same(text, keys)
        begun = self._begun(keys, first + len(same))
        near = self._near_ones(keys)
        order = [*same, *begun[:1], *near[:FIRST], *begun[1:], *near[FIRST:]]
        found = list(dict.fromkeys(order))[:first]
        if len(found) < first:
            found = list(dict.fromkeys([*found, *self._worded(text, first)]))[:first]
        return [self.rows[place] for place in found]

    def matching(self, noun: str, text: str) -> list[Named]:
        """Every one of that noun that ``find`` gives; those a letter away where no other is."""
        keys, most = keys_of_text(text), len(self.rows)
        exact = {*self._same(text, keys), *self._begun(keys, most), *self._worded(text, most)}
        found = [row for row in (self.rows[at] for at in sorted(exact)) if row.noun == noun]
        near = (self.rows[at] for at in self._near_ones(keys)) if not found else ()
        return found or [row for row in near if row.noun == noun]

    def _same(self, text: str, keys: dict[str, int]) -> list[int]:
        best: dict[int, int] = {}
        for key, cost in keys.items():
            for place, distance in self._exact.get(key, ()):
                best[place] = min(best.get(place, distance + cost), distance + cost)
        typed = text.strip().casefold()
        return sorted(best, key=lambda at: (self.rows[at].name.casefold() != typed, best[at], at))

    def _begun(self, keys: dict[str, int], most: int) -> list[int]:
        found: list[int] = []
        for key, cost in keys.items():
            if cost == SAME or not found:
                start, end = bisect_left(self._keys, key), bisect_left(self._keys, key + BEYOND)
                places = {at for each in self._keys[start:end] for at, _ in self._exact[each]}
                found += nsmallest(most, places)
        return sorted(set(found))

    def _near_ones(self, keys: dict[str, int]) -> list[int]:
        best: dict[int, tuple[int, int]] = {}
        for key in keys:
            for near, distance in self._near.near(key).items():
                for place, _ in self._exact[near]:
                    best[place] = min(best.get(place, distance), distance)
        return sorted(best, key=lambda at: (best[at], at))

    def _worded(self, text: str, most: int) -> list[int]:
        plain = words_of(text)
        joined = "".join(plain)
        wanted = (joined,) if joined.isdigit() else plain
        found: set[int] = set()
        for words in {wanted, whole(wanted)} - {()}:
            start, end = min(map(self._range, words), key=lambda edges: edges[1] - edges[0])
            places = sorted({at for each in self._places[start:end] for at in each})
            beginnings = [f" {word}" for word in words]
            texts = self._texts
            having = (at for at in places if all(word in texts[at] for word in beginnings))
            found.update(islice(having, most))
        return nsmallest(most, found)

    def _range(self, word: str) -> tuple[int, int]:
        return bisect_left(self._words, word), bisect_left(self._words, word + BEYOND)


def _keys(row: Named) -> Iterable[tuple[str, int]]:
    yield from keys_of_name(row.name)
    for name in row.other_names:
        yield from ((key, OTHER_NAME) for key, distance in keys_of_name(name) if distance == SAME)


def _words(row: Named) -> set[str]:
    words = words_of(row.name)
    other = (word for name in row.other_names for word in words_of(name))
    return {*words, *whole(words), *row.codes, *other}
