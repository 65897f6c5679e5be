from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from models.base import SIREN, Base, code, version
from models.product import Demarche
from models.transition import Source


class Deployment(Base, table=True):
    """A collectivité uses a product for a démarche, from ``since`` to ``until`` (exclusive).

    ``since_approximate``: nobody gave the day, and that of the declaration stands for it.
    """

    __tablename__ = "deployment"
    __table_args__ = (
        sa.UniqueConstraint(
            "collectivite_id", "product_id", "demarche", "since", name="uq_deployment_key"
        ),
        sa.Index(
            "uq_deployment_current",
            "collectivite_id",
            "product_id",
            "demarche",
            unique=True,
            postgresql_where=sa.text("until IS NULL"),
        ),
        sa.Index(
            "ix_deployment_clients",
            "product_id",
            "collectivite_id",
            postgresql_include=["since", "until"],
        ),
        sa.Index(
            "ix_deployment_operator",
            "operator",
            postgresql_where=sa.text("operator IS NOT NULL"),
        ),
        sa.CheckConstraint("since BETWEEN '1900-01-01' AND '2199-12-31'", "dates"),
        sa.CheckConstraint("until >= since AND until <= '2199-12-31'", "period"),
        sa.CheckConstraint(f"operator {SIREN}", "operator"),
        sa.CheckConstraint("declared_by IN ('VENDOR', 'COLLECTIVITE', 'MINISTRY')", "declarant"),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR (confirmed_by IN ('VENDOR', 'COLLECTIVITE', 'MINISTRY')"
            " AND confirmed_by <> declared_by AND declared_by <> 'MINISTRY')",
            "confirmation",
        ),
    )

    collectivite_id: int = Field(sa_type=sa.BigInteger, foreign_key="collectivite.id")
    product_id: int = Field(sa_type=sa.BigInteger, foreign_key="product.id")
    demarche: Demarche = code(Demarche)
    since: date
    since_approximate: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    until: date | None = None
    operator: str | None = Field(default=None, sa_type=sa.Text)
    declared_by: Source = code(Source)
    confirmed_by: str | None = Field(default=None, sa_type=sa.Text)
    version: int = version()
