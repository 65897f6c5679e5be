from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import SIRET, Base, moment, recorded_at


class AllowedSiret(Base, table=True):
    """An establishment whose agents act for the ministry."""

    __tablename__ = "allowed_siret"
    __table_args__ = (
        sa.CheckConstraint(f"siret {SIRET}", "siret"),
        sa.Index(
            "uq_allowed_siret_current",
            "siret",
            unique=True,
            postgresql_where=sa.text("removed_at IS NULL"),
        ),
    )

    siret: str = Field(sa_type=sa.Text)
    label: str = Field(sa_type=sa.Text)
    created_at: datetime = recorded_at()
    removed_at: datetime | None = moment()
