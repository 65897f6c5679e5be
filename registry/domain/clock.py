from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def today() -> date:
    """The day in France: what « aujourd'hui » means for every rule."""
    return datetime.now(PARIS).date()


def now() -> datetime:
    return datetime.now(UTC)
