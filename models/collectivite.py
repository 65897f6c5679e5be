from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import INSEE, KEY, SIREN, UNSAID, Base, code, codes, words_check


class CollectiviteKind(StrEnum):
    COMMUNE = "COMMUNE"
    EPCI = "EPCI"
    DEPARTEMENT = "DEPARTEMENT"
    REGION = "REGION"
    CCAS = "CCAS"
    SYNDICAT = "SYNDICAT"
    OTHER = "OTHER"


class Stratum(StrEnum):
    DEPARTEMENT = "DEPARTEMENT"
    EPCI = "EPCI"
    COMMUNE_OVER_3500 = "COMMUNE_OVER_3500"
    COMMUNE_UP_TO_3500 = "COMMUNE_UP_TO_3500"


class TerritoryKind(StrEnum):
    DEPARTEMENT = "DEPARTEMENT"
    REGION = "REGION"


class Collectivite(Base, table=True):
    """A public client body.

    ``vintage`` is the last geography that listed it (empty: it came by a bundle).
    A closed body keeps its row; ``successor_id`` is always an open one. ``other_names`` are those
    that it bore, and those of the communes that became parts of it.
    """

    __tablename__ = "collectivite"
    __table_args__ = (
        sa.CheckConstraint(f"insee {INSEE}", "insee"),
        sa.CheckConstraint(f"siren {SIREN}", "siren"),
        sa.CheckConstraint("name <> ''", "name"),
        sa.CheckConstraint("(kind = 'COMMUNE') = (insee IS NOT NULL)", "commune_insee"),
        sa.CheckConstraint("insee IS NOT NULL OR siren IS NOT NULL", "key"),
        sa.CheckConstraint("population >= 0", "population"),
        sa.CheckConstraint("successor_id IS NULL OR closed_on IS NOT NULL", "successor"),
        words_check("strata", Stratum),
        sa.Index("uq_collectivite_insee", "insee", unique=True),
        sa.Index(
            "uq_collectivite_siren",
            "siren",
            unique=True,
            postgresql_where=sa.text("closed_on IS NULL"),
        ),
        sa.Index("ix_collectivite_departements", "departements", postgresql_using="gin"),
        sa.Index("ix_collectivite_regions", "regions", postgresql_using="gin"),
        sa.Index("ix_collectivite_postal_codes", "postal_codes", postgresql_using="gin"),
        sa.Index(
            "ix_collectivite_search",
            sa.text("to_tsvector('simple', search)"),
            postgresql_using="gin",
        ),
        sa.Index(
            "ix_collectivite_name",
            "search",
            "code",
            postgresql_where=sa.text("closed_on IS NULL"),
        ),
        sa.Index(
            "ix_collectivite_population",
            sa.text("coalesce(population, -1)"),
            "code",
            postgresql_where=sa.text("closed_on IS NULL"),
        ),
    )

    kind: CollectiviteKind = code(CollectiviteKind)
    insee: str | None = Field(default=None, sa_type=KEY)
    siren: str | None = Field(default=None, sa_type=KEY)
    code: str | None = Field(
        default=None,
        sa_type=KEY,
        index=True,
        sa_column_args=[sa.Computed("coalesce(insee, siren)", persisted=True)],
        sa_column_kwargs=UNSAID,
    )
    name: str = Field(sa_type=sa.Text)
    population: int | None = None
    departements: list[str] = codes()
    regions: list[str] = codes()
    strata: list[str] = codes()
    epci_id: int | None = Field(
        default=None, sa_type=sa.BigInteger, foreign_key="collectivite.id", index=True
    )
    vintage: int | None = None
    closed_on: date | None = None
    successor_id: int | None = Field(
        default=None, sa_type=sa.BigInteger, foreign_key="collectivite.id", index=True
    )
    no_online_demarche_since: date | None = None
    search: str = Field(sa_type=KEY, sa_column_kwargs=UNSAID)
    postal_codes: list[str] = codes()
    other_names: list[str] = codes()


class CollectiviteFormerCode(Base, table=True):
    """An INSEE code or a SIREN that now means another body, or the same under a new SIREN."""

    __tablename__ = "collectivite_former_code"
    __table_args__ = (sa.CheckConstraint(f"former_code {SIREN} OR former_code {INSEE}", "code"),)

    former_code: str = Field(sa_type=KEY, unique=True)
    collectivite_id: int = Field(sa_type=sa.BigInteger, foreign_key="collectivite.id", index=True)


class Territory(Base, table=True):
    """A département or a région of the official geography (COG code)."""

    __tablename__ = "territory"
    __table_args__ = (sa.UniqueConstraint("kind", "code"),)

    kind: TerritoryKind = code(TerritoryKind)
    code: str = Field(sa_type=KEY)
    name: str = Field(sa_type=sa.Text)
    region: str | None = Field(default=None, sa_type=sa.Text)
