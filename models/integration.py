from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import code, codes, words_check
from models.transition import EvidenceLevel, Transition, transition_checks


class Service(StrEnum):
    FRANCECONNECT_V1 = "FRANCECONNECT_V1"
    FRANCECONNECT_V2 = "FRANCECONNECT_V2"
    FRANCECONNECT_PLUS = "FRANCECONNECT_PLUS"
    API_PARTICULIER = "API_PARTICULIER"
    API_IMPOT_PARTICULIER = "API_IMPOT_PARTICULIER"


DATA_APIS = (Service.API_PARTICULIER, Service.API_IMPOT_PARTICULIER)


class Feed(StrEnum):
    QUOTIENT_FAMILIAL = "QUOTIENT_FAMILIAL"
    STATUT_ETUDIANT = "STATUT_ETUDIANT"
    STATUT_BOURSIER = "STATUT_BOURSIER"
    STATUT_DEMANDEUR_EMPLOI = "STATUT_DEMANDEUR_EMPLOI"
    AVIS_IMPOSITION = "AVIS_IMPOSITION"


class IntegrationState(StrEnum):
    NONE = "NONE"
    PLANNED = "PLANNED"
    SANDBOX = "SANDBOX"
    QUALIFICATION_REQUESTED = "QUALIFICATION_REQUESTED"
    QUALIFIED = "QUALIFIED"
    SUSPENDED = "SUSPENDED"
    WITHDRAWN = "WITHDRAWN"


class Integration(Transition, table=True):
    """A step of the integration of a service of the State in a product.

    ``review`` is what the ministry wrote when it read the declaration, on ``reviewed_on``.
    ``confirmed_on``: the vendor said since, on that day, that it still holds.
    """

    __tablename__ = "integration"
    __table_args__ = (
        *transition_checks(),
        sa.CheckConstraint("state <> 'PLANNED' OR target_date IS NOT NULL", "target_date"),
        sa.CheckConstraint("confirmed_on >= effective_on", "confirmed_on"),
        words_check("feeds", Feed),
        sa.Index(
            "uq_integration_current",
            "product_id",
            "service",
            unique=True,
            postgresql_where=sa.text("effective_until IS NULL"),
        ),
        sa.Index("ix_integration_history", "product_id", "service", "effective_on", "id"),
    )

    product_id: int = Field(sa_type=sa.BigInteger, foreign_key="product.id")
    service: Service = code(Service)
    state: IntegrationState = code(IntegrationState)
    feeds: list[str] = codes()
    target_date: date | None = None
    evidence_level: EvidenceLevel = code(EvidenceLevel, default=EvidenceLevel.SELF_DECLARED)
    min_version: str | None = Field(default=None, sa_type=sa.Text)
    reviewed_on: date | None = None
    review: str | None = Field(default=None, sa_type=sa.Text)
    confirmed_on: date | None = None

    @property
    def said_on(self) -> date:
        return self.confirmed_on or self.effective_on
