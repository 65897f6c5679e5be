from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base, code
from models.commitment import SurchargeKind
from models.integration import Service
from models.transition import Transition, transition_checks


class DisputeKind(StrEnum):
    INTEGRATION = "INTEGRATION"
    SURCHARGE = "SURCHARGE"


class DisputeState(StrEnum):
    OPEN = "OPEN"
    UNDER_REVIEW = "UNDER_REVIEW"
    AWAITING_REPLY = "AWAITING_REPLY"
    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


class Dispute(Base, table=True):
    """A collectivité contests the status of a product, or reports a surcharge."""

    __tablename__ = "dispute"
    __table_args__ = (
        sa.CheckConstraint("(kind = 'INTEGRATION') = (service IS NOT NULL)", "kind_service"),
        sa.CheckConstraint("amount_cents > 0", "amount_cents"),
        sa.CheckConstraint(
            "kind = 'SURCHARGE' OR (surcharge_kind IS NULL AND amount_cents IS NULL)", "surcharge"
        ),
    )

    collectivite_id: int = Field(sa_type=sa.BigInteger, foreign_key="collectivite.id", index=True)
    product_id: int = Field(sa_type=sa.BigInteger, foreign_key="product.id", index=True)
    kind: DisputeKind = code(DisputeKind)
    service: Service | None = code(Service, nullable=True, default=None)
    surcharge_kind: SurchargeKind | None = code(SurchargeKind, nullable=True, default=None)
    amount_cents: int | None = None
    statement: str = Field(sa_type=sa.Text)


class DisputeTransition(Transition, table=True):
    __tablename__ = "dispute_transition"
    __table_args__ = (
        *transition_checks(),
        sa.Index(
            "uq_dispute_transition_current",
            "dispute_id",
            unique=True,
            postgresql_where=sa.text("effective_until IS NULL"),
        ),
    )

    dispute_id: int = Field(sa_type=sa.BigInteger, foreign_key="dispute.id", index=True)
    state: DisputeState = code(DisputeState)
    reply_due_on: date | None = None
