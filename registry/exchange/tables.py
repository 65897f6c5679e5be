"""What the CSV files of a bundle hold: their columns, keys, requirements and defaults."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from models import (
    ActivationState,
    CollectiviteKind,
    CommitmentState,
    DeliveryModel,
    Demarche,
    EvidenceLevel,
    Feed,
    IntegrationState,
    Service,
    Source,
)


class Kind(Enum):
    """How a cell is read. ``PAST`` is a date that may not be after today."""

    TEXT = auto()
    LINK = auto()
    CONTACT = auto()
    SIREN = auto()
    COLLECTIVITE = auto()
    SLUG = auto()
    WORD = auto()
    WORDS = auto()
    BOOLEAN = auto()
    DATE = auto()
    PAST = auto()
    TERRITORIES = auto()
    PRODUCT_KEYS = auto()


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    key: bool = False
    required: bool = False
    words: tuple[str, ...] = ()
    default: str | None = None

    @property
    def mandatory(self) -> bool:
        """The column stands in the header and none of its cells is empty."""
        return self.key or self.required


@dataclass(frozen=True, slots=True)
class Table:
    """``searched`` are the columns whose text people search by."""

    name: str
    columns: tuple[Column, ...]
    searched: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def defaults(self) -> dict[str, str]:
        return {column.name: column.default for column in self.columns if column.default}

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)


def _word(
    name: str,
    words: type[StrEnum] | tuple[StrEnum, ...],
    *,
    key: bool = False,
    required: bool = False,
    default: str | None = None,
) -> Column:
    return Column(name, Kind.WORD, key, required, tuple(str(word) for word in words), default)


def _words(name: str, words: type[StrEnum], *, required: bool = False) -> Column:
    return Column(name, Kind.WORDS, required=required, words=tuple(str(word) for word in words))


def _vendor_key() -> Column:
    return Column("vendor_siren", Kind.SIREN, key=True)


def _product_key() -> Column:
    return Column("product", Kind.SLUG, key=True)


BUNDLED_KINDS = (
    CollectiviteKind.REGION,
    CollectiviteKind.CCAS,
    CollectiviteKind.SYNDICAT,
    CollectiviteKind.OTHER,
)
"""The referential brings the other kinds."""

NAME = "collectivite_name"
"""Beside a code, for whoever reads; nothing is read from it."""
DECLARANTS = (Source.VENDOR, Source.COLLECTIVITE, Source.MINISTRY)

COLLECTIVITES = Table(
    "collectivites",
    (
        Column("siren", Kind.SIREN, key=True),
        Column("name", Kind.TEXT, required=True),
        _word("kind", BUNDLED_KINDS, default=CollectiviteKind.OTHER),
        Column("departements", Kind.TERRITORIES),
    ),
    searched=("name", "siren"),
)
VENDORS = Table(
    "vendors",
    (
        Column("siren", Kind.SIREN, key=True),
        Column("name", Kind.TEXT, required=True),
        Column("website", Kind.LINK),
        Column("parent_siren", Kind.SIREN),
        Column("contact", Kind.CONTACT),
    ),
    searched=("name", "siren"),
)
PRODUCTS = Table(
    "products",
    (
        _vendor_key(),
        Column("slug", Kind.SLUG, key=True),
        Column("name", Kind.TEXT, required=True),
        _word("delivery_model", DeliveryModel),
        Column("citizen_login", Kind.BOOLEAN, required=True),
        _words("demarches", Demarche, required=True),
        Column("former_keys", Kind.PRODUCT_KEYS),
    ),
    searched=("name",),
)
INTEGRATIONS = Table(
    "integrations",
    (
        _vendor_key(),
        _product_key(),
        _word("service", Service, key=True),
        Column("effective_on", Kind.PAST, key=True),
        _word("state", IntegrationState, required=True),
        _words("feeds", Feed),
        Column("target_date", Kind.DATE),
        _word("evidence_level", EvidenceLevel, default=EvidenceLevel.SELF_DECLARED),
        Column("evidence_url", Kind.LINK),
        Column("min_version", Kind.TEXT),
        _word("declared_by", Source, default=Source.VENDOR),
    ),
)
COMMITMENTS = Table(
    "commitments",
    (
        _vendor_key(),
        Column("product", Kind.SLUG),
        Column("effective_on", Kind.PAST, key=True),
        _word("state", CommitmentState, required=True),
        Column("charter_version", Kind.TEXT),
        Column("signatory", Kind.TEXT),
        Column("signatory_capacity", Kind.TEXT),
        Column("exclusions", Kind.TEXT),
        Column("valid_until", Kind.DATE),
        Column("evidence_url", Kind.LINK),
        _word("declared_by", Source, default=Source.VENDOR),
    ),
)
DEPLOYMENTS = Table(
    "deployments",
    (
        Column("collectivite", Kind.COLLECTIVITE, key=True),
        _vendor_key(),
        _product_key(),
        _word("demarche", Demarche, key=True),
        Column("since", Kind.PAST, key=True),
        Column("until", Kind.DATE),
        Column("operator", Kind.SIREN),
        _word("declared_by", DECLARANTS, default=Source.VENDOR),
        _word("confirmed_by", DECLARANTS),
    ),
)
ACTIVATIONS = Table(
    "activations",
    (
        Column("collectivite", Kind.COLLECTIVITE, key=True),
        _vendor_key(),
        _product_key(),
        _word("demarche", Demarche, key=True),
        _word("service", Service, key=True),
        Column("effective_on", Kind.PAST, key=True),
        _word("state", ActivationState, required=True),
        _word("declared_by", Source, default=Source.COLLECTIVITE),
    ),
)

TABLES = (
    COLLECTIVITES,
    VENDORS,
    PRODUCTS,
    INTEGRATIONS,
    COMMITMENTS,
    DEPLOYMENTS,
    ACTIVATIONS,
)
"""In the order in which one needs the other."""
