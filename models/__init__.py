"""What is stored: one table a file."""

from models.account import Account, Token
from models.activation import Activation, ActivationState
from models.campaign import Campaign, Target
from models.collectivite import (
    Collectivite,
    CollectiviteFormerCode,
    CollectiviteKind,
    Stratum,
    Territory,
    TerritoryKind,
)
from models.commitment import Commitment, CommitmentState
from models.deployment import Deployment
from models.dispute import Dispute, DisputeKind, DisputeState, DisputeTransition
from models.grant_claim import GrantClaim, GrantClaimState, GrantClaimTransition
from models.integration import DATA_APIS, Feed, Integration, IntegrationState, Service
from models.ledger import LedgerEntry
from models.product import DeliveryModel, Demarche, Product, ProductFormerKey
from models.transition import EvidenceLevel, Source, Transition
from models.vendor import Vendor

__all__ = [
    "DATA_APIS",
    "Account",
    "Activation",
    "ActivationState",
    "Campaign",
    "Collectivite",
    "CollectiviteFormerCode",
    "CollectiviteKind",
    "Commitment",
    "CommitmentState",
    "DeliveryModel",
    "Demarche",
    "Deployment",
    "Dispute",
    "DisputeKind",
    "DisputeState",
    "DisputeTransition",
    "EvidenceLevel",
    "Feed",
    "GrantClaim",
    "GrantClaimState",
    "GrantClaimTransition",
    "Integration",
    "IntegrationState",
    "LedgerEntry",
    "Product",
    "ProductFormerKey",
    "Service",
    "Source",
    "Stratum",
    "Target",
    "Territory",
    "TerritoryKind",
    "Token",
    "Transition",
    "Vendor",
]
