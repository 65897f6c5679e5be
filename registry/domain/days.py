"""Days that people give, checked."""

from datetime import date

from models.base import EARLIEST, LATEST
from registry.domain.clock import today
from registry.domain.errors import InvalidInput

FIRST, LAST = date.fromisoformat(EARLIEST), date.fromisoformat(LATEST)


def past(field: str, day: date) -> date:
    """Today at the latest."""
    if day > today():
        raise InvalidInput(field, f"Le {day:%d/%m/%Y} est à venir : aujourd’hui au plus tard.")
    return possible(field, day)


def possible(field: str, day: date) -> date:
    if not FIRST <= day <= LAST:
        raise InvalidInput(
            field, f"Une date du {FIRST:%d/%m/%Y} au {LAST:%d/%m/%Y} est attendue, pas le {day}."
        )
    return day
