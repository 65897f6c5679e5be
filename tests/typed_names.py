"""Real names as people type them: each way, applied to each name that it changes."""

import random
import re
from collections.abc import Iterator

from registry.domain.name_index import Named, NameIndex
from registry.domain.near_keys import apart
from registry.domain.search import fold
from registry.domain.spellings import keys_of_name, keys_of_text
from registry.exchange.referential import earlier, locate
from registry.exchange.referential.bodies import bodies, meanings, with_former_names
from registry.settings import ROOT

FIXTURES = ROOT / "fixtures"
FIRST = 5
SHORTER = (
    ("Saint", "St"),
    ("Sainte", "Ste"),
    ("Saints", "Sts"),
    ("Saintes", "Stes"),
    ("Notre-Dame", "ND"),
    ("Mont", "Mt"),
    ("CC", "Communauté de communes"),
    ("CA", "Communauté d'agglomération"),
    ("CU", "Communauté urbaine"),
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"

Typed = tuple[str, str, Named]
"""The way, what is typed, and the body that it must find."""


def names() -> list[Named]:
    geography, older = locate(FIXTURES, 2026), earlier(FIXTURES, 2026)
    known = bodies(geography)
    listed = with_former_names(known, meanings(geography, known, older), older)
    return [
        Named("collectivite", number, body.code, body.name, body.population or 0, body.other_names)
        for number, body in enumerate(listed)
    ]


def typings(rows: list[Named], chance: random.Random) -> Iterator[Typed]:
    for row in rows:
        yield from ((way, text, row) for way, text in _typed(row, chance))


def _typed(row: Named, chance: random.Random) -> Iterator[tuple[str, str]]:
    name = row.name
    yield "as it is", name
    yield "in capitals without accents", fold(name).upper()
    yield "without apostrophes", name.replace("'", "").replace("’", "")
    for long, short in SHORTER:
        text = re.sub(rf"\b{long}\b", short, name)
        if text != name:
            yield f"{short} for {long}", text
    if not re.match("(CC|CA|CU) ", name) and "étropole" not in name:
        for before in ("mairie de", "ville de", "commune de", "département de", "région"):
            yield before, f"{before} {name}"
    article = re.match("(Le|La|Les|L')[ ]?(?=[A-ZÉÈÎ])", name)
    if article:
        yield "without article", name[article.end() :]
    for other in row.other_names:
        yield "another name", other
    letters = len(fold(name).replace(" ", ""))
    if letters >= 5:
        plain = name.replace("œ", "oe").replace("Œ", "Oe")
        yield "one wrong letter", _mistyped(plain, chance)
    if letters >= 9:
        middle = len(plain) // 2
        halves = (plain[:middle], plain[middle:])
        yield "two wrong letters", "".join(_mistyped(half, chance) for half in halves)


def _mistyped(name: str, chance: random.Random) -> str:
    at = chance.choice([found.start() for found in re.finditer(r"[^\W\d_]", name)])
    letter = chance.choice(LETTERS)
    swapped = name[at + 1 : at + 2]
    return chance.choice(
        [
            name[:at] + letter + name[at + 1 :],
            name[:at] + letter + name[at:],
            name[:at] + name[at + 1 :],
            name[:at] + swapped + name[at] + name[at + 2 :],
        ]
    )


def missed(index: NameIndex, typed: Typed) -> str | None:
    """None where the body is among the first, or where all those before it are as near to what
    was typed, but for the one completion that may come first.
    """
    way, text, row = typed
    found = index.find(text, FIRST)
    if row in found:
        return None
    wanted = _distance(text, row)
    farther = [other for other in found if _distance(text, other) > wanted]
    if len(found) == FIRST and len(farther) <= (1 if wanted else 0):
        return None
    return f"{way}: {text!r} for {row.name} ({row.key}), found {[each.name for each in found]}"


def _distance(text: str, row: Named) -> int:
    own = [key for key, _ in keys_of_name(row.name)]
    own += [key for name in row.other_names for key, _ in keys_of_name(name)]
    distances = [apart(typed, key, 2) for typed in keys_of_text(text) for key in own]
    return min((each for each in distances if each is not None), default=3)
