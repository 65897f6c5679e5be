"""How long ago something was said."""

import calendar
from datetime import date


def is_stale(said_on: date, day: date, months: int) -> bool:
    """Said so long ago that it is shown as « à confirmer »; the state itself is unchanged."""
    return said_on < months_before(day, months)


def months_before(day: date, months: int) -> date:
    """The same day of the month, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, length))


def months_after(day: date, months: int) -> date:
    return months_before(day, -months)
