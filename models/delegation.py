from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import PERSONAL, SIREN, Base, moment, recorded_at


class Delegation(Base, table=True):
    """A person of another organisation who may act for the one of ``siren``.

    The person is known by an address and the SIREN of their own organisation, as both are told
    by the provider at sign-in.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        sa.CheckConstraint(f"siren {SIREN} AND delegate_siren {SIREN}", "sirens"),
        sa.CheckConstraint("email = lower(email)", "email"),
        sa.Index(
            "uq_delegation_current",
            "siren",
            "delegate_siren",
            "email",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_delegation_delegate", "delegate_siren", "email"),
    )

    siren: str = Field(sa_type=sa.Text)
    delegate_siren: str = Field(sa_type=sa.Text)
    email: str = Field(sa_type=sa.Text, sa_column_kwargs=PERSONAL)
    created_at: datetime = recorded_at()
    ended_at: datetime | None = moment()
