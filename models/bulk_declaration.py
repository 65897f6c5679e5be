from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field

from models.base import SIREN, SIRET, Base, code, moment, recorded_at
from models.transition import Source


class BulkNoun(StrEnum):
    DEPLOYMENTS = "DEPLOYMENTS"
    ACTIVATIONS = "ACTIVATIONS"


class BulkState(StrEnum):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


class BulkDeclaration(Base, table=True):
    """A file of declarations that was received; a worker of the service takes it.

    ``digest`` names the file in the folder of uploads. ``siren``, ``siret`` and ``actor`` tell
    who sent it, ``capacity`` as whom. Progress is in bytes read.
    """

    __tablename__ = "bulk_declaration"
    __table_args__ = (
        sa.CheckConstraint(f"siren {SIREN}", "siren"),
        sa.CheckConstraint(f"siret {SIRET}", "siret"),
        sa.CheckConstraint("octet_length(digest) = 32", "digest"),
        sa.Index(
            "ix_bulk_declaration_unfinished",
            "id",
            postgresql_where=sa.text("state IN ('WAITING', 'RUNNING')"),
        ),
        sa.Index("ix_bulk_declaration_siren", "siren", "id"),
        sa.Index("ix_bulk_declaration_digest", "digest"),
    )

    noun: BulkNoun = code(BulkNoun)
    state: BulkState = code(BulkState, default=BulkState.WAITING)
    siren: str = Field(sa_type=sa.Text)
    siret: str | None = Field(default=None, sa_type=sa.Text)
    actor: str = Field(sa_type=sa.Text)
    capacity: Source = code(Source)
    dry_run: bool
    accept_valid: bool
    complete_on: date | None = None
    digest: bytes = Field(sa_type=sa.LargeBinary)
    size: int = Field(sa_type=sa.BigInteger)
    bytes_read: int = Field(
        default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"}
    )
    report: dict[str, Any] | None = Field(default=None, sa_type=postgresql.JSONB)
    created_at: datetime = recorded_at()
    started_at: datetime | None = moment()
    ended_at: datetime | None = moment()
