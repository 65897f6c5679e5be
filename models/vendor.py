from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from models.base import KEY, PERSONAL, SIREN, UNSAID, Base, version


class Vendor(Base, table=True):
    """A legal unit. ``claimed_on``: the day one of its own took the record over.

    ``statement`` is what it wants read wherever it is named as blocking. A merged vendor keeps
    its row, and its SIREN means ``merged_into_id``.
    """

    __tablename__ = "vendor"
    __table_args__ = (
        sa.CheckConstraint(f"siren {SIREN}", "siren"),
        sa.CheckConstraint("name <> ''", "name"),
        sa.CheckConstraint("parent_id <> id", "parent"),
        sa.CheckConstraint("merged_into_id <> id", "merged_into"),
        sa.CheckConstraint("char_length(statement) BETWEEN 1 AND 500", "statement"),
        sa.Index(
            "ix_vendor_search", sa.text("to_tsvector('simple', search)"), postgresql_using="gin"
        ),
    )

    siren: str = Field(sa_type=KEY, unique=True)
    name: str = Field(sa_type=sa.Text)
    website: str | None = Field(default=None, sa_type=sa.Text)
    contact: str | None = Field(default=None, sa_type=sa.Text, sa_column_kwargs=PERSONAL)
    parent_id: int | None = Field(
        default=None, sa_type=sa.BigInteger, foreign_key="vendor.id", index=True
    )
    statement: str | None = Field(default=None, sa_type=sa.Text)
    statement_on: date | None = None
    claimed_on: date | None = None
    merged_into_id: int | None = Field(
        default=None, sa_type=sa.BigInteger, foreign_key="vendor.id", index=True
    )
    search: str = Field(sa_type=sa.Text, sa_column_kwargs=UNSAID)
    version: int = version()
