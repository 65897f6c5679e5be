from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import PERSONAL, SIRET, Base, recorded_at


class Account(Base, table=True):
    """A person who signed in, keyed by what the identity provider calls them.

    ``siret``, ``organisation`` (its name) and ``email`` are those of the last sign-in.
    """

    __tablename__ = "account"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "subject"),
        sa.CheckConstraint(f"siret {SIRET}", "siret"),
    )

    issuer: str = Field(sa_type=sa.Text)
    subject: str = Field(sa_type=sa.Text, sa_column_kwargs=PERSONAL)
    siret: str = Field(sa_type=sa.Text)
    organisation: str | None = Field(default=None, sa_type=sa.Text)
    email: str = Field(sa_type=sa.Text, sa_column_kwargs=PERSONAL)
    created_at: datetime = recorded_at()
