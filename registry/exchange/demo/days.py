"""Days are counted from a fixed one: adding is cheap, and the text of each is made once."""

from datetime import date, timedelta

_FIRST = date(2000, 1, 1)
ISO = tuple((_FIRST + timedelta(days=n)).isoformat() for n in range(13_000))


def day(text: str) -> int:
    return (date.fromisoformat(text) - _FIRST).days


# Nothing recorded is later, so that a seed gives the same bytes whatever the date it runs on.
REFERENCE = day("2026-10-31")
OPENING = day("2019-01-07")
CHARTER = day("2022-03-07")
