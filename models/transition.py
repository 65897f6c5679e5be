from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import UNSAID, Base, code, recorded_at


class Source(StrEnum):
    """Who said it."""

    VENDOR = "VENDOR"
    COLLECTIVITE = "COLLECTIVITE"
    OPERATOR = "OPERATOR"
    MINISTRY = "MINISTRY"
    DATAPASS = "DATAPASS"


class EvidenceLevel(StrEnum):
    """Weakest first. ``CONTESTED`` is shown while a dispute is open and is never stored."""

    SELF_DECLARED = "SELF_DECLARED"
    EVIDENCED = "EVIDENCED"
    VERIFIED = "VERIFIED"


class Transition(Base):
    """One dated step of a state machine; its state and date never change once written.

    The step is in force from ``effective_on`` until ``effective_until`` (exclusive; empty: still).
    A step replaced the same day has an empty interval. ``effective_until`` is derived from the
    next step's date, and ``raccord verify`` recomputes it.
    """

    effective_on: date
    effective_until: date | None = Field(default=None, sa_column_kwargs=UNSAID)
    declared_by: Source = code(Source)
    actor: str | None = Field(default=None, sa_type=sa.Text)
    organisation: str | None = Field(default=None, sa_type=sa.Text)
    reason: str | None = Field(default=None, sa_type=sa.Text)
    evidence_url: str | None = Field(default=None, sa_type=sa.Text)
    recorded_at: datetime = recorded_at()

    @property
    def said_on(self) -> date:
        """The last day on which its author said that it is so."""
        return self.effective_on


def transition_checks() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint("effective_until >= effective_on", "period"),
        sa.CheckConstraint("effective_on BETWEEN '1900-01-01' AND '2199-12-31'", "dates"),
    )
