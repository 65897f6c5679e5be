from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import code
from models.integration import Service
from models.product import Demarche
from models.transition import Transition, transition_checks


class ActivationState(StrEnum):
    NONE = "NONE"
    PLANNED = "PLANNED"
    HABILITATION_SUBMITTED = "HABILITATION_SUBMITTED"
    HABILITATION_CHANGES_REQUESTED = "HABILITATION_CHANGES_REQUESTED"
    HABILITATION_REFUSED = "HABILITATION_REFUSED"
    HABILITATION_GRANTED = "HABILITATION_GRANTED"
    IN_INTEGRATION = "IN_INTEGRATION"
    GO_LIVE_REQUESTED = "GO_LIVE_REQUESTED"
    IN_PRODUCTION = "IN_PRODUCTION"
    SUSPENDED = "SUSPENDED"
    STOPPED = "STOPPED"


class Activation(Transition, table=True):
    """A step of putting a service in use, for a collectivité, a product and a démarche.

    It belongs to those three whatever the period of the deployment.
    """

    __tablename__ = "activation"
    __table_args__ = (
        *transition_checks(),
        sa.Index(
            "uq_activation_current",
            "collectivite_id",
            "product_id",
            "demarche",
            "service",
            unique=True,
            postgresql_where=sa.text("effective_until IS NULL"),
        ),
        sa.Index(
            "ix_activation_history",
            "collectivite_id",
            "product_id",
            "demarche",
            "service",
            "effective_on",
            "id",
        ),
        sa.Index("ix_activation_product_id", "product_id"),
    )

    collectivite_id: int = Field(sa_type=sa.BigInteger, foreign_key="collectivite.id")
    product_id: int = Field(sa_type=sa.BigInteger, foreign_key="product.id")
    demarche: Demarche = code(Demarche)
    service: Service = code(Service)
    state: ActivationState = code(ActivationState)
