from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import PERSONAL, code, codes, words_check
from models.transition import Transition, transition_checks


class CommitmentState(StrEnum):
    NONE = "NONE"
    INVITED = "INVITED"
    SIGNED = "SIGNED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    BREACH_ALLEGED = "BREACH_ALLEGED"
    BREACHED = "BREACHED"


class SurchargeKind(StrEnum):
    """What the charter counts as a surcharge."""

    ONE_OFF_FEES = "ONE_OFF_FEES"
    RECURRING_FEES = "RECURRING_FEES"
    PER_USE_FEES = "PER_USE_FEES"
    COMPULSORY_MODULES = "COMPULSORY_MODULES"


class Commitment(Transition, table=True):
    """A step of the no-surcharge commitment of a vendor, or of one product (which overrides)."""

    __tablename__ = "commitment"
    __table_args__ = (
        *transition_checks(),
        words_check("scope", SurchargeKind),
        sa.Index(
            "uq_commitment_current",
            "vendor_id",
            "product_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("effective_until IS NULL"),
        ),
        sa.Index("ix_commitment_history", "vendor_id", "product_id", "effective_on", "id"),
        sa.Index("ix_commitment_product_id", "product_id"),
    )

    vendor_id: int = Field(sa_type=sa.BigInteger, foreign_key="vendor.id")
    product_id: int | None = Field(default=None, sa_type=sa.BigInteger, foreign_key="product.id")
    state: CommitmentState = code(CommitmentState)
    charter_version: str | None = Field(default=None, sa_type=sa.Text)
    signatory: str | None = Field(default=None, sa_type=sa.Text, sa_column_kwargs=PERSONAL)
    signatory_capacity: str | None = Field(default=None, sa_type=sa.Text, sa_column_kwargs=PERSONAL)
    scope: list[str] = codes()
    exclusions: str | None = Field(default=None, sa_type=sa.Text)
    valid_until: date | None = None
