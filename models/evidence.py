from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import SIREN, Base, recorded_at


class Evidence(Base, table=True):
    """A file given as evidence by the organisation of ``siren``; its bytes are in a folder."""

    __tablename__ = "evidence"
    __table_args__ = (
        sa.UniqueConstraint("digest", "siren"),
        sa.CheckConstraint("octet_length(digest) = 32", "digest"),
        sa.CheckConstraint(f"siren {SIREN}", "siren"),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/png', 'image/jpeg')", "media_type"
        ),
        sa.CheckConstraint("size BETWEEN 1 AND 10000000", "size"),
    )

    digest: bytes = Field(sa_type=sa.LargeBinary)
    siren: str = Field(sa_type=sa.Text)
    media_type: str = Field(sa_type=sa.Text)
    size: int
    created_at: datetime = recorded_at()
