import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field

from models.base import codes
from models.derivation import Derived


def _ids() -> list[int]:
    listed: list[int] = Field(
        default_factory=list,
        sa_type=postgresql.ARRAY(sa.BigInteger),
        nullable=False,
        sa_column_kwargs={"server_default": "{}"},
    )
    return listed


class CollectiviteReadiness(Derived, table=True):
    """Where each open collectivité stands on the day of the derivation, on each basis.

    ``rank``: 0 connected, 1 ready, 2 cost unknown, 3 blocked by a surcharge, 4 blocked by its
    software, 5 no known software. ``prefilled``: a data API is in production too. ``evidenced``:
    a ready product stands on an evidenced or verified row. ``declared``: a vendor said something
    of one of its products. ``offline``: it declares that it has no online démarche.
    ``products`` and ``vendors`` are those of its concerned deployments in force, in order,
    ``connected_…`` those through which it is connected.
    """

    __tablename__ = "readiness"
    __table_args__ = (
        sa.CheckConstraint("basis IN ('DECLARED', 'CONFIRMED')", "basis"),
        sa.CheckConstraint("rank BETWEEN 0 AND 5", "rank"),
    )

    basis: str = Field(sa_type=sa.Text, primary_key=True)
    collectivite_id: int = Field(sa_type=sa.BigInteger, primary_key=True)
    kind: str = Field(sa_type=sa.Text)
    population: int | None = None
    strata: list[str] = codes()
    rank: int = Field(sa_type=sa.SmallInteger)
    prefilled: bool
    evidenced: bool
    declared: bool
    offline: bool
    products: list[int] = _ids()
    vendors: list[int] = _ids()
    connected_products: list[int] = _ids()
    connected_vendors: list[int] = _ids()
