from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import SECRET, SIREN, SIRET, UNSAID, Base, codes, moment, recorded_at, words_check


class TokenScope(StrEnum):
    """What a machine may do in the name of its organisation."""

    READ = "READ"
    DECLARE = "DECLARE"
    REVIEW = "REVIEW"


class Token(Base, table=True):
    """A machine's credential; only its SHA-256 is kept.

    ``siret`` is given for the ministry's, whose allow-list names establishments.
    """

    __tablename__ = "token"
    __table_args__ = (
        sa.CheckConstraint(f"siren {SIREN}", "siren"),
        sa.CheckConstraint(f"siret {SIRET}", "siret"),
        sa.CheckConstraint("octet_length(digest) = 32", "digest"),
        words_check("scopes", TokenScope),
    )

    name: str = Field(sa_type=sa.Text)
    siren: str = Field(sa_type=sa.Text, index=True)
    siret: str | None = Field(default=None, sa_type=sa.Text)
    digest: bytes = Field(sa_type=sa.LargeBinary, unique=True, sa_column_kwargs=SECRET)
    scopes: list[str] = codes()
    created_at: datetime = recorded_at()
    expires_at: datetime = Field(sa_type=sa.TIMESTAMP(timezone=True))
    last_used_at: datetime | None = moment(UNSAID)
    revoked_at: datetime | None = moment()
