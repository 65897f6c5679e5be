import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base


class RecordValue(Base, table=True):
    """A personal value that the ledger holds as SHA-256(salt ‖ value), until it is erased.

    Written by ``ledger_append`` and removed by ``ledger_erase`` alone. A value that stays the
    same from one entry to the next keeps its salt, so that its digest stays the same too.
    """

    __tablename__ = "record_value"
    __table_args__ = (
        sa.CheckConstraint("octet_length(salt) = 32", "salt"),
        sa.Index("ix_record_value_subject", "noun", "subject_id", "field"),
    )

    noun: str = Field(sa_type=sa.Text)
    subject_id: int = Field(sa_type=sa.BigInteger)
    field: str = Field(sa_type=sa.Text)
    value: str = Field(sa_type=sa.Text)
    salt: bytes = Field(sa_type=sa.LargeBinary)
