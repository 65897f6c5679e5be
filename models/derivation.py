from datetime import date

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import Base


class Derivation(Base, table=True):
    """The day at which the derived tables hold: ``verdict``, ``readiness`` and their counts.

    It has one row. They hold for every mark of ``touched`` taken away.
    """

    __tablename__ = "derivation"
    __table_args__ = (sa.Index("uq_derivation_single", sa.text("(true)"), unique=True),)

    as_of: date


class Touched(Base, table=True):
    """What changed since the derived tables were brought up to date; triggers mark it.

    ``noun`` is ``collectivite``, ``product``, ``vendor`` or ``campaign``.
    """

    __tablename__ = "touched"

    noun: str = Field(sa_type=sa.Text)
    subject_id: int = Field(sa_type=sa.BigInteger)


class Derived(SQLModel):
    """A table that can be made anew from the records: the ledger says nothing of it."""
