import sqlalchemy as sa
from sqlmodel import Field

from models.base import KEY, SIREN, Base


class Vendor(Base, table=True):
    __tablename__ = "vendor"
    __table_args__ = (
        sa.CheckConstraint(f"siren {SIREN}", "siren"),
        sa.CheckConstraint("name <> ''", "name"),
        sa.CheckConstraint("parent_id <> id", "parent"),
        sa.Index(
            "ix_vendor_search", sa.text("to_tsvector('simple', search)"), postgresql_using="gin"
        ),
    )

    siren: str = Field(sa_type=KEY, unique=True)
    name: str = Field(sa_type=sa.Text)
    website: str | None = Field(default=None, sa_type=sa.Text)
    contact: str | None = Field(default=None, sa_type=sa.Text)
    parent_id: int | None = Field(
        default=None, sa_type=sa.BigInteger, foreign_key="vendor.id", index=True
    )
    search: str = Field(sa_type=sa.Text)
