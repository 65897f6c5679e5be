"""The two moments between which changes are told."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import days
from registry.domain.clock import PARIS, today
from registry.domain.errors import InvalidInput

RECORDED_AT = sa.text("SELECT recorded_at FROM ledger WHERE seq = :entry")
HEAD = sa.text("SELECT coalesce(max(seq), 0) FROM ledger")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, in the histories as they are now; or, with ``entry``, as that entry left them."""

    day: date
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Period:
    since: Moment
    until: Moment


async def period(
    session: AsyncSession,
    *,
    since: date | None = None,
    since_entry: int | None = None,
    until: date | None = None,
    until_entry: int | None = None,
) -> Period:
    """From one date to another, today if it is not given; or from one entry of the ledger to
    another, its head as of today if it is not given. Raise ``InvalidInput`` for anything else.
    """
    if (since is None) == (since_entry is None):
        raise InvalidInput("since", "Dire depuis quelle date, ou depuis quelle entrée du journal.")
    if since is not None:
        if until_entry is not None:
            raise InvalidInput("until_entry", "Une date se compare à une date, pas à une entrée.")
        return _of_dates(since, until or today())
    if until is not None:
        raise InvalidInput("until", "Une entrée se compare à une entrée, pas à une date.")
    return await _of_entries(session, since_entry or 0, until_entry)


def _of_dates(since: date, until: date) -> Period:
    days.possible("since", since)
    days.possible("until", until)
    if since > until:
        raise InvalidInput("since", f"Le {since:%d/%m/%Y} est après le {until:%d/%m/%Y}.")
    return Period(Moment(since), Moment(until))


async def _of_entries(session: AsyncSession, since: int, until: int | None) -> Period:
    start = await _at_entry(session, "since_entry", since)
    if until is None:
        return Period(start, Moment(today(), await head(session)))
    if since > until:
        raise InvalidInput("since_entry", f"L’entrée {since} est après l’entrée {until}.")
    return Period(start, await _at_entry(session, "until_entry", until))


async def _at_entry(session: AsyncSession, field: str, entry: int) -> Moment:
    """On the day when it was recorded, in France."""
    known = 0 < entry <= await head(session)
    recorded_at = await session.scalar(RECORDED_AT, {"entry": entry}) if known else None
    if recorded_at is None:
        raise InvalidInput(
            field, f"Le journal va de 1 à {await head(session)} : pas d’entrée {entry}."
        )
    return Moment(recorded_at.astimezone(PARIS).date(), entry)


async def head(session: AsyncSession) -> int:
    """The number of the ledger's last entry; 0 where it has none."""
    last: int = (await session.execute(HEAD)).scalar_one()
    return last
