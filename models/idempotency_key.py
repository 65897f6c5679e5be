from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base, recorded_at


class IdempotencyKey(Base, table=True):
    """What a write answered under the caller's key: the record, by its noun and id.

    ``digest`` is the SHA-256 of the mutation's name and input.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = (
        sa.UniqueConstraint("actor", "key"),
        sa.CheckConstraint("octet_length(digest) = 32", "digest"),
    )

    actor: str = Field(sa_type=sa.Text)
    key: str = Field(sa_type=sa.Text)
    digest: bytes = Field(sa_type=sa.LargeBinary)
    noun: str = Field(sa_type=sa.Text)
    subject_id: int = Field(sa_type=sa.BigInteger)
    created_at: datetime = recorded_at()
