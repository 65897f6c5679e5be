"""What is stored: one table a file."""

from models.account import Account
from models.activation import Activation, ActivationState
from models.allowed_siret import AllowedSiret
from models.blocker import BlockerCount
from models.bulk_declaration import BulkDeclaration, BulkNoun, BulkState
from models.campaign import Campaign, Target
from models.collectivite import (
    Collectivite,
    CollectiviteFormerCode,
    CollectiviteKind,
    Stratum,
    Territory,
    TerritoryKind,
)
from models.commitment import Commitment, CommitmentState, SurchargeKind
from models.coverage import CoverageCount
from models.delegation import Delegation
from models.deployment import Deployment
from models.derivation import Derivation, Derived, Touched
from models.dispute import Dispute, DisputeKind, DisputeState, DisputeTransition
from models.evidence import Evidence
from models.grant_claim import GrantClaim, GrantClaimState, GrantClaimTransition
from models.idempotency_key import IdempotencyKey
from models.integration import DATA_APIS, Feed, Integration, IntegrationState, Service
from models.ledger import LedgerEntry
from models.message import Message
from models.product import DeliveryModel, Demarche, Product, ProductFormerKey
from models.readiness import CollectiviteReadiness
from models.record_value import RecordValue
from models.schema_digest import SchemaDigest
from models.software_request import SoftwareRequest, SoftwareRequestState
from models.token import Token, TokenScope
from models.transition import EvidenceLevel, Source, Transition
from models.vendor import Vendor
from models.verdict import ProductVerdict
from models.web_session import SignInAttempt, WebSession
from models.write_quota import WriteQuota

__all__ = [
    "DATA_APIS",
    "Account",
    "Activation",
    "ActivationState",
    "AllowedSiret",
    "BlockerCount",
    "BulkDeclaration",
    "BulkNoun",
    "BulkState",
    "Campaign",
    "Collectivite",
    "CollectiviteFormerCode",
    "CollectiviteKind",
    "CollectiviteReadiness",
    "Commitment",
    "CommitmentState",
    "CoverageCount",
    "Delegation",
    "DeliveryModel",
    "Demarche",
    "Deployment",
    "Derivation",
    "Derived",
    "Dispute",
    "DisputeKind",
    "DisputeState",
    "DisputeTransition",
    "Evidence",
    "EvidenceLevel",
    "Feed",
    "GrantClaim",
    "GrantClaimState",
    "GrantClaimTransition",
    "IdempotencyKey",
    "Integration",
    "IntegrationState",
    "LedgerEntry",
    "Message",
    "Product",
    "ProductFormerKey",
    "ProductVerdict",
    "RecordValue",
    "SchemaDigest",
    "Service",
    "SignInAttempt",
    "SoftwareRequest",
    "SoftwareRequestState",
    "Source",
    "Stratum",
    "SurchargeKind",
    "Target",
    "Territory",
    "TerritoryKind",
    "Token",
    "TokenScope",
    "Touched",
    "Transition",
    "Vendor",
    "WebSession",
    "WriteQuota",
]
