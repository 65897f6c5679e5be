from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base, code
from models.transition import Transition, transition_checks


class GrantClaimState(StrEnum):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    PAID = "PAID"
    RECOVERY_REQUESTED = "RECOVERY_REQUESTED"
    RECOVERED = "RECOVERED"
    CANCELLED = "CANCELLED"


class GrantClaim(Base, table=True):
    """The lump sum that a connected collectivité asks for, in cents of euro."""

    __tablename__ = "grant_claim"
    __table_args__ = (sa.CheckConstraint("amount_cents > 0", "amount_cents"),)

    campaign_id: int = Field(sa_type=sa.BigInteger, foreign_key="campaign.id", index=True)
    collectivite_id: int = Field(sa_type=sa.BigInteger, foreign_key="collectivite.id", index=True)
    amount_cents: int


class GrantClaimTransition(Transition, table=True):
    __tablename__ = "grant_claim_transition"
    __table_args__ = (
        *transition_checks(),
        sa.Index(
            "uq_grant_claim_transition_current",
            "grant_claim_id",
            unique=True,
            postgresql_where=sa.text("effective_until IS NULL"),
        ),
    )

    grant_claim_id: int = Field(sa_type=sa.BigInteger, foreign_key="grant_claim.id", index=True)
    state: GrantClaimState = code(GrantClaimState)
