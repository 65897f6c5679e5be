import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field

from models.derivation import Derived


class CoverageCount(Derived, table=True):
    """How many collectivités of the same strata stand where, on each basis."""

    __tablename__ = "coverage_count"

    basis: str = Field(sa_type=sa.Text, primary_key=True)
    strata: list[str] = Field(sa_type=postgresql.ARRAY(sa.Text), primary_key=True)
    total: int
    connected: int
    connected_with_prefill: int
    ready: int
    ready_unverified: int
    cost_unknown: int
    blocked_by_surcharge: int
    blocked_by_software: int
    blocked_undeclared: int
    no_known_software: int
    no_online_demarche: int
