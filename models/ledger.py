from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import recorded_at


class LedgerEntry(SQLModel, table=True):
    """One change of one record.

    ``payload`` is the exact UTF-8 JSON that ``leaf_hash`` covers. Rows are written by the
    database function ``ledger_append`` alone; no role can change or remove one.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        sa.CheckConstraint("seq > 0", "seq"),
        sa.Index("ix_ledger_subject", "noun", "subject_id", "seq"),
    )

    seq: int = Field(
        sa_type=sa.BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    recorded_at: datetime = recorded_at()
    noun: str = Field(sa_type=sa.Text)
    subject_id: int = Field(sa_type=sa.BigInteger)
    payload: bytes = Field(sa_type=sa.LargeBinary)
    leaf_hash: bytes | None = Field(
        default=None,
        sa_type=sa.LargeBinary,
        sa_column_args=[sa.Computed("sha256(payload)", persisted=True)],
    )
