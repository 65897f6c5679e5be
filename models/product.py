from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import KEY, SIREN, SLUG, UNSAID, Base, code, codes, version, words_check


class Demarche(StrEnum):
    PETITE_ENFANCE = "PETITE_ENFANCE"
    RESTAURATION_SCOLAIRE = "RESTAURATION_SCOLAIRE"
    RESTAURATION_COLLEGE_LYCEE = "RESTAURATION_COLLEGE_LYCEE"
    PERISCOLAIRE = "PERISCOLAIRE"
    ACTIVITES_MUNICIPALES = "ACTIVITES_MUNICIPALES"
    TRANSPORT_SCOLAIRE = "TRANSPORT_SCOLAIRE"
    TARIFICATION_TRANSPORT = "TARIFICATION_TRANSPORT"
    AIDES_FACULTATIVES = "AIDES_FACULTATIVES"
    AIDE_SOCIALE_LEGALE = "AIDE_SOCIALE_LEGALE"
    AIDE_SOCIALE_LOCALE = "AIDE_SOCIALE_LOCALE"
    STATIONNEMENT_RESIDENTIEL = "STATIONNEMENT_RESIDENTIEL"
    URBANISME = "URBANISME"
    ETAT_CIVIL = "ETAT_CIVIL"
    SIGNALEMENT = "SIGNALEMENT"
    AUTRE = "AUTRE"


class DeliveryModel(StrEnum):
    SAAS = "SAAS"
    ON_PREMISE = "ON_PREMISE"
    OPEN_SOURCE = "OPEN_SOURCE"


class Product(Base, table=True):
    """A retired product keeps its clients and its history, and gets no new client."""

    __tablename__ = "product"
    __table_args__ = (
        sa.UniqueConstraint("vendor_id", "slug"),
        sa.CheckConstraint(f"slug {SLUG}", "slug"),
        sa.CheckConstraint("name <> ''", "name"),
        words_check("demarches", Demarche),
        sa.Index(
            "ix_product_search", sa.text("to_tsvector('simple', search)"), postgresql_using="gin"
        ),
    )

    vendor_id: int = Field(sa_type=sa.BigInteger, foreign_key="vendor.id")
    slug: str = Field(sa_type=KEY)
    name: str = Field(sa_type=sa.Text)
    delivery_model: DeliveryModel | None = code(DeliveryModel, nullable=True, default=None)
    citizen_login: bool
    demarches: list[str] = codes()
    retired_on: date | None = None
    search: str = Field(sa_type=sa.Text, sa_column_kwargs=UNSAID)
    version: int = version()


class ProductFormerKey(Base, table=True):
    """A key that the product had before a renaming or a transfer; it is still accepted."""

    __tablename__ = "product_former_key"
    __table_args__ = (
        sa.UniqueConstraint("vendor_siren", "slug"),
        sa.CheckConstraint(f"vendor_siren {SIREN}", "vendor_siren"),
        sa.CheckConstraint(f"slug {SLUG}", "slug"),
    )

    vendor_siren: str = Field(sa_type=KEY)
    slug: str = Field(sa_type=KEY)
    product_id: int = Field(sa_type=sa.BigInteger, foreign_key="product.id", index=True)
