import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field

from models.derivation import Derived


class BlockerCount(Derived, table=True):
    """What a product or a vendor blocks among collectivités of the same strata, on each basis.

    ``subject_id`` is a product's or a vendor's, as ``grouping`` says. ``inhabitants`` are those
    of the blocked communes, ``population`` that of all the blocked bodies.
    """

    __tablename__ = "blocker_count"
    __table_args__ = (sa.CheckConstraint("grouping IN ('PRODUCT', 'VENDOR')", "grouping"),)

    basis: str = Field(sa_type=sa.Text, primary_key=True)
    grouping: str = Field(sa_type=sa.Text, primary_key=True)
    subject_id: int = Field(sa_type=sa.BigInteger, primary_key=True)
    strata: list[str] = Field(sa_type=postgresql.ARRAY(sa.Text), primary_key=True)
    blocked: int
    blocked_alone: int
    inhabitants: int = Field(sa_type=sa.BigInteger)
    population: int = Field(sa_type=sa.BigInteger)
    connected_clients: int
