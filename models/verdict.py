from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from models.derivation import Derived


class ProductVerdict(Derived, table=True):
    """What each product means for its clients, on the day of the derivation.

    ``qualified`` and ``evidenced`` tell of its integration with an accepted service,
    ``declared_on`` is the vendor's last word on any (none: it never said anything).
    """

    __tablename__ = "product_verdict"
    __table_args__ = (
        sa.CheckConstraint(
            "verdict IN ('NOT_CONCERNED', 'NOT_INTEGRATED', 'SURCHARGE', 'READY', 'COST_UNKNOWN')",
            "verdict",
        ),
    )

    product_id: int = Field(
        sa_type=sa.BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    vendor_id: int = Field(sa_type=sa.BigInteger)
    qualified: bool
    evidenced: bool
    declared_on: date | None = None
    verdict: str = Field(sa_type=sa.Text)
