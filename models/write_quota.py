from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base


class WriteQuota(Base, table=True):
    """How much an actor wrote in one window of time. A crash may forget it."""

    __tablename__ = "write_quota"
    __table_args__ = (
        sa.UniqueConstraint("actor", "window_start"),
        {"prefixes": ["UNLOGGED"]},
    )

    actor: str = Field(sa_type=sa.Text)
    window_start: datetime = Field(sa_type=sa.TIMESTAMP(timezone=True))
    used: int
