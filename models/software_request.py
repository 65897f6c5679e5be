from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from models.base import SIREN, Base, codes, recorded_at, words_check
from models.product import Demarche


class SoftwareRequestState(StrEnum):
    WAITING = "WAITING"
    SETTLED = "SETTLED"
    REFUSED = "REFUSED"


class SoftwareRequest(Base, table=True):
    """A software that a collectivité uses and the registry lacks, as the collectivité names it.

    It waits until the ministry attaches it to a product, or refuses it with a reason.
    """

    __tablename__ = "software_request"
    __table_args__ = (
        sa.CheckConstraint("name <> ''", "name"),
        sa.CheckConstraint(f"vendor_siren {SIREN}", "vendor_siren"),
        words_check("demarches", Demarche),
        sa.CheckConstraint("demarches <> '{}'", "demarches_given"),
        sa.CheckConstraint(
            "settled_on IS NOT NULL OR (product_id IS NULL AND refusal IS NULL)", "settled"
        ),
    )

    collectivite_id: int = Field(sa_type=sa.BigInteger, foreign_key="collectivite.id", index=True)
    name: str = Field(sa_type=sa.Text)
    vendor_name: str | None = Field(default=None, sa_type=sa.Text)
    vendor_siren: str | None = Field(default=None, sa_type=sa.Text)
    demarches: list[str] = codes()
    since: date | None = None
    product_id: int | None = Field(
        default=None, sa_type=sa.BigInteger, foreign_key="product.id", index=True
    )
    refusal: str | None = Field(default=None, sa_type=sa.Text)
    settled_on: date | None = None
    created_at: datetime = recorded_at()

    @property
    def state(self) -> SoftwareRequestState:
        if self.settled_on is None:
            return SoftwareRequestState.WAITING
        settled = self.product_id is not None
        return SoftwareRequestState.SETTLED if settled else SoftwareRequestState.REFUSED
