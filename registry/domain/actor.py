from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    PUBLIC = "PUBLIC"
    ADMINISTRATOR = "ADMINISTRATOR"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``name`` and ``organisation`` (a SIREN) go to the ledger."""

    role: Role
    name: str
    organisation: str | None = None


PUBLIC = Actor(Role.PUBLIC, "public")
ADMINISTRATOR = Actor(Role.ADMINISTRATOR, "administrator")
"""Whoever holds the machine's terminal, and so the database."""
