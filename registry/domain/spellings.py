"""The ways in which people write a name, brought to keys that can be compared."""

from collections.abc import Iterator, Sequence

from registry.domain.search import fold

SHORTENED = {
    "st": ("saint",),
    "ste": ("sainte",),
    "sts": ("saints",),
    "stes": ("saintes",),
    "nd": ("notre", "dame"),
    "mt": ("mont",),
    "mts": ("monts",),
}
GROUPS = {
    "cc": ("communaute", "de", "communes"),
    "ca": ("communaute", "d", "agglomeration"),
    "cu": ("communaute", "urbaine"),
}
METROPOLES = ("metropole", "eurometropole")
BODIES = (
    ("hotel", "de", "ville"),
    ("conseil", "departemental"),
    ("conseil", "regional"),
    ("mairie",),
    ("ville",),
    ("commune",),
    ("departement",),
    ("region",),
)
"""What people put before a name, and no name begins with."""
ARTICLES = ("l", "la", "le", "les")
LINKS = ("d", "de", "du", "des")

Words = tuple[str, ...]
SAME, WITHOUT_BODY, BARE, OTHER_NAME = range(4)
"""How far a key is from what was written."""


def words_of(text: str) -> Words:
    return tuple(fold(text).split())


def whole(words: Words) -> Words:
    """Without abbreviations."""
    return tuple(full for word in words for full in SHORTENED.get(word, (word,)))


def keys_of_name(name: str) -> Iterator[tuple[str, int]]:
    """A name is also found without the group that it begins with, or its article."""
    for words in _spelled(words_of(name)):
        yield "".join(words), SAME
        yield from (("".join(bare), BARE) for bare in _bared(words))


def keys_of_text(text: str) -> dict[str, int]:
    """Nearest first."""
    keys: dict[str, int] = {}
    for words in _spelled(words_of(text)):
        keys.setdefault("".join(words), SAME)
        named = _after(words, BODIES)
        if named:
            keys.setdefault("".join(_after_link(named)), WITHOUT_BODY)
        for bare in _bared(_after_link(named) if named else words):
            keys.setdefault("".join(bare), BARE)
    keys.pop("", None)
    return dict(sorted(keys.items(), key=lambda item: item[1]))


def _spelled(words: Words) -> list[Words]:
    full = whole(words)
    group = tuple(part for word in full for part in GROUPS.get(word, (word,)))
    return list(dict.fromkeys((words, full, group)))


def _bared(words: Words) -> Iterator[Words]:
    grouped = _after(words, tuple((short,) for short in GROUPS))
    grouped = grouped or _after(words, (*GROUPS.values(), *((word,) for word in METROPOLES)))
    named = _after_link(grouped) if grouped else words
    if grouped:
        yield named
    if named[1:] and named[-1] in METROPOLES:
        yield named[:-1]
    if named[1:] and named[0] in ARTICLES:
        yield named[1:]


def _after(words: Words, heads: Sequence[Words]) -> Words:
    """What follows the first of the heads that the words begin with; nothing if none."""
    return next((words[len(head) :] for head in heads if words[: len(head)] == head), ())


def _after_link(words: Words) -> Words:
    return words[1:] if words[1:] and words[0] in LINKS else words
