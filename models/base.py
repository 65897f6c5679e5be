"""What every table shares: constraint names that can be predicted, and column kinds."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

SIREN = "~ '^[0-9]{9}$'"
SIRET = "~ '^[0-9]{14}$'"
INSEE = "~ '^([0-9]{2}|2[AB])[0-9]{3}$'"
SLUG = "~ '^[a-z0-9]+([._-][a-z0-9]+)*$'"

KEY = sa.Text(collation="C")
"""Keys sort by byte, whatever the language of the database."""

PERSONAL: Final = {"info": {"ledger": "personal"}}
"""Tells of a person: the ledger holds a salted digest, and ``record_value`` what can be erased."""
SECRET: Final = {"info": {"ledger": "secret"}}
"""Opens a door: the ledger holds its SHA-256."""
UNSAID: Final = {"info": {"ledger": "unsaid"}}
"""Derived from what the ledger holds, or changed by whoever passes: it is not in the ledger."""

NOTHING: Final[Mapping[str, Any]] = {}

EARLIEST, LATEST = "1900-01-01", "2199-12-31"


class Base(SQLModel):
    """A table with a surrogate key; its natural key is a unique constraint."""

    # A table doesn't validate what it is given: a validator would be built for nothing.
    model_config = {"defer_build": True}

    __mapper_args__ = {"eager_defaults": True}

    id: int | None = Field(
        default=None,
        sa_type=sa.BigInteger,
        primary_key=True,
        sa_column_args=[sa.Identity(always=True)],
    )

    @property
    def recorded_id(self) -> int:
        """The id of a row that the database has."""
        if self.id is None:
            raise ValueError(f"this {type(self).__name__} is not recorded yet")
        return self.id


def code(words: type[StrEnum], *, nullable: bool = False, default: Any = ...) -> Any:
    """A column of one word of ``words``, stored as text under a check constraint."""
    kind = sa.Enum(words, native_enum=False, create_constraint=True, name=words.__name__.lower())
    return Field(default=default, sa_type=kind, nullable=nullable)


def codes() -> Any:
    """An array of words; ``words_check`` guards it."""
    return Field(
        default_factory=list,
        sa_type=postgresql.ARRAY(sa.Text),
        nullable=False,
        sa_column_kwargs={"server_default": "{}"},
    )


def words_check(column: str, words: type[StrEnum]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} <@ ARRAY[{listed}]::text[]", column)


def dates_check(*columns: str) -> sa.CheckConstraint:
    """Years outside 1900 to 2199 are typing errors, never facts."""
    bounds = [f"{column} BETWEEN '{EARLIEST}' AND '{LATEST}'" for column in columns]
    return sa.CheckConstraint(" AND ".join(bounds), "dates")


def version() -> Any:
    """Counts the changes of a row; a trigger does."""
    return Field(
        default=1,
        nullable=False,
        sa_column_kwargs={"server_default": "1", "server_onupdate": sa.FetchedValue()},
    )


def moment(said: Mapping[str, Any] = NOTHING) -> Any:
    return Field(
        default=None, sa_type=sa.TIMESTAMP(timezone=True), nullable=True, sa_column_kwargs=said
    )


def recorded_at(said: Mapping[str, Any] = NOTHING) -> Any:
    return Field(
        default=None,
        sa_type=sa.TIMESTAMP(timezone=True),
        nullable=False,
        sa_column_kwargs={"server_default": sa.func.now(), **said},
    )
