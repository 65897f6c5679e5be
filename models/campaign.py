from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base, code, codes, version, words_check
from models.collectivite import Stratum
from models.integration import Service


class Campaign(Base, table=True):
    """The charter and what it aims at. ``vintage`` is that of the geography loaded last."""

    __tablename__ = "campaign"
    __table_args__ = (
        words_check("accepted_services", Service),
        sa.CheckConstraint("grant_amount_cents > 0", "grant_amount_cents"),
        sa.CheckConstraint("total_target > 0", "total_target"),
    )

    name: str = Field(sa_type=sa.Text)
    charter_version: str = Field(sa_type=sa.Text)
    signed_on: date
    deadline: date
    signatories: list[str] = codes()
    accepted_services: list[str] = codes()
    total_target: int
    grant_amount_cents: int
    vintage: int | None = None
    version: int = version()


class Target(Base, table=True):
    """A share of a stratum, as an exact decimal between 0 and 1."""

    __tablename__ = "target"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "stratum"),
        sa.CheckConstraint("share > 0 AND share <= 1", "share"),
    )

    campaign_id: int = Field(sa_type=sa.BigInteger, foreign_key="campaign.id")
    stratum: Stratum = code(Stratum)
    share: Decimal = Field(sa_type=sa.Numeric(5, 4))
