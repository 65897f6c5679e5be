"""Text as it is searched: the database has no contrib extension, so the program folds it."""

import re
import unicodedata

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"})
SEPARATORS = re.compile("[^a-z0-9]+")


def fold(text: str) -> str:
    """Lower case, without accents, words of a-z and 0-9 separated by one space."""
    plain = text.casefold().translate(LIGATURES)
    return SEPARATORS.sub(" ", bare(plain)).strip()


def bare(text: str) -> str:
    """Without accents. Each letter by itself: putting a run of accents in order takes the square
    of its length.
    """
    return text if text.isascii() else "".join(map(_bare, text))


def _bare(letter: str) -> str:
    decomposed = unicodedata.normalize("NFKD", letter)
    return "".join(part for part in decomposed if not unicodedata.combining(part))


def folded(*texts: str | None) -> str:
    return fold(" ".join(text for text in texts if text))
