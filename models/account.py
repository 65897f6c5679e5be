from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base, codes, recorded_at


class Account(Base, table=True):
    """A person who signed in, keyed by what the identity provider calls them."""

    __tablename__ = "account"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "subject"),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", "siret"),
    )

    issuer: str = Field(sa_type=sa.Text)
    subject: str = Field(sa_type=sa.Text)
    siret: str = Field(sa_type=sa.Text)
    email: str = Field(sa_type=sa.Text)
    created_at: datetime = recorded_at()


class Token(Base, table=True):
    """A machine's credential; only its SHA-256 is kept."""

    __tablename__ = "token"
    __table_args__ = (
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", "siren"),
        sa.CheckConstraint("octet_length(digest) = 32", "digest"),
    )

    name: str = Field(sa_type=sa.Text)
    siren: str = Field(sa_type=sa.Text)
    digest: bytes = Field(sa_type=sa.LargeBinary, unique=True)
    scopes: list[str] = codes()
    created_at: datetime = recorded_at()
    expires_at: datetime = Field(sa_type=sa.TIMESTAMP(timezone=True))
    revoked_at: datetime | None = Field(
        default=None,
        sa_type=sa.TIMESTAMP(timezone=True),
    )
