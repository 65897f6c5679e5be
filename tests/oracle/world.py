"""A registry as plain values keyed by natural keys, with the defaults of domain.md §3 and §5."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

ProductKey = tuple[str, str]  # (vendor's SIREN, slug)

STRATA = ("DEPARTEMENT", "EPCI", "COMMUNE_OVER_3500", "COMMUNE_UP_TO_3500")
DATA_APIS = frozenset({"API_PARTICULIER", "API_IMPOT_PARTICULIER"})


@dataclass(frozen=True)
class Body:
    code: str
    kind: str
    siren: str | None
    insee: str | None
    population: int | None
    departements: frozenset[str]
    regions: frozenset[str]
    epci: str | None
    strata: frozenset[str]
    closed: bool = False
    no_online_demarche_since: date | None = None


@dataclass(frozen=True)
class Product:
    vendor: str
    slug: str
    citizen_login: bool
    demarches: frozenset[str]

    @property
    def key(self) -> ProductKey:
        return self.vendor, self.slug


@dataclass(frozen=True)
class IntegrationRow:
    vendor: str
    product: str
    service: str
    effective_on: date
    state: str
    feeds: frozenset[str] = frozenset()
    target_date: date | None = None
    evidence_level: str = "SELF_DECLARED"
    declared_by: str = "VENDOR"


@dataclass(frozen=True)
class CommitmentRow:
    vendor: str
    product: str | None
    effective_on: date
    state: str
    valid_until: date | None = None
    declared_by: str = "VENDOR"


@dataclass(frozen=True)
class DeploymentRow:
    collectivite: str
    vendor: str
    product: str
    demarche: str
    since: date
    until: date | None = None
    declared_by: str = "VENDOR"
    confirmed_by: str | None = None


@dataclass(frozen=True)
class ActivationRow:
    collectivite: str
    vendor: str
    product: str
    demarche: str
    service: str
    effective_on: date
    state: str
    declared_by: str = "COLLECTIVITE"


@dataclass(frozen=True)
class World:
    bodies: tuple[Body, ...] = ()
    vendors: tuple[str, ...] = ()
    products: tuple[Product, ...] = ()
    integrations: tuple[IntegrationRow, ...] = ()
    commitments: tuple[CommitmentRow, ...] = ()
    deployments: tuple[DeploymentRow, ...] = ()
    activations: tuple[ActivationRow, ...] = ()
    accepted_services: frozenset[str] = frozenset({"FRANCECONNECT_V1", "FRANCECONNECT_V2"})
    targets: dict[str, Fraction] = field(
        default_factory=lambda: {
            "DEPARTEMENT": Fraction(1),
            "EPCI": Fraction(1, 2),
            "COMMUNE_OVER_3500": Fraction(1, 2),
            "COMMUNE_UP_TO_3500": Fraction(1, 10),
        }
    )
    total_target: int = 5000
    fixed: frozenset[ProductKey] = frozenset()
    """contract.md §3, Simulation: supposed to be ready."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    strata: tuple[str, ...] | None = None
    departement: str | None = None
    region: str | None = None
    epci: str | None = None
    demarche: str | None = None
    basis: str = "DECLARED"
    as_of: date
