"""A new step at the end of a dated history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Source, Transition
from registry.domain import texts
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Checks, Conflict, InvalidInput

LONGEST_REASON = 2000
EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
"""The tables take no date outside."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the author of a step tells of it; without ``effective_on``, it is of today."""

    effective_on: date | None = None
    reason: str | None = None
    evidence_url: str | None = None

    @property
    def day(self) -> date:
        return self.effective_on or today()


def author(actor: Actor, source: Source, said: Said) -> dict[str, Any]:
    """The columns of a step that say who, when and why. Raises ``InvalidInput``."""
    columns: dict[str, Any] = {
        "effective_on": said.day,
        "declared_by": source,
        "actor": actor.name,
        "organisation": actor.organisation,
    }
    checks = Checks()
    with checks:
        columns["reason"] = texts.optional("reason", said.reason, LONGEST_REASON)
    with checks:
        columns["evidence_url"] = texts.url("evidence_url", said.evidence_url)
    checks.settle()
    return columns


async def add(session: AsyncSession, last: Transition | None, step: Transition) -> None:
    """``step`` follows ``last``, the current end of its history, which it closes.

    The caller has checked the arrow (``transitions.check``). Raises ``InvalidInput`` for a day to
    come or before the last step's, ``Conflict`` when another one was added meanwhile.
    """
    check_day(last, step.effective_on)
    if last is not None:
        kind = type(last)
        closed = await session.scalar(
            sa.update(kind)
            .where(col(kind.id) == last.id, col(kind.effective_until).is_(None))
            .values(effective_until=step.effective_on)
            .returning(col(kind.id))
        )
        if closed is None:
            raise Conflict("Une autre étape vient d’être enregistrée : relire, puis refaire.")
    session.add(step)
    await session.flush()


def check_year(field: str, day: date) -> None:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise InvalidInput(field, f"Une date de {EARLIEST_YEAR} à {LATEST_YEAR} est attendue.")


def check_day(last: Transition | None, day: date) -> None:
    check_year("effective_on", day)
    if day > today():
        raise InvalidInput("effective_on", f"Le {day:%d/%m/%Y} est à venir.")
    if last is not None and day < last.effective_on:
        raise InvalidInput(
            "effective_on",
            f"La dernière étape est du {last.effective_on:%d/%m/%Y} :"
            " la suivante ne peut pas être antérieure.",
        )
