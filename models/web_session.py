from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import SECRET, SIRET, UNSAID, Base, moment, recorded_at


class WebSession(Base, table=True):
    """A browser that is signed in; only the SHA-256 of its cookie is kept.

    ``id_token`` is what the provider wants to hear at sign-out.
    """

    __tablename__ = "web_session"
    __table_args__ = (
        sa.CheckConstraint("octet_length(digest) = 32", "digest"),
        sa.CheckConstraint(f"siret {SIRET}", "siret"),
    )

    digest: bytes = Field(sa_type=sa.LargeBinary, unique=True, sa_column_kwargs=SECRET)
    account_id: int = Field(sa_type=sa.BigInteger, foreign_key="account.id", index=True)
    siret: str = Field(sa_type=sa.Text)
    id_token: str | None = Field(default=None, sa_type=sa.Text, sa_column_kwargs=UNSAID)
    created_at: datetime = recorded_at()
    used_at: datetime = recorded_at(UNSAID)
    ended_at: datetime | None = moment()


class SignInAttempt(Base, table=True):
    """A browser sent to the provider, and what its answer must bring back, once."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (sa.CheckConstraint("octet_length(state_digest) = 32", "state_digest"),)

    state_digest: bytes = Field(sa_type=sa.LargeBinary, unique=True)
    nonce: str = Field(sa_type=sa.Text)
    verifier: str | None = Field(default=None, sa_type=sa.Text)
    return_to: str = Field(sa_type=sa.Text)
    created_at: datetime = recorded_at()
