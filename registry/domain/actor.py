from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from models import TokenScope


class Role(StrEnum):
    """``MEMBER`` acts for organisations; ``SIGN_IN`` is the door itself, before anyone is known."""

    PUBLIC = "PUBLIC"
    MEMBER = "MEMBER"
    MINISTRY = "MINISTRY"
    ADMINISTRATOR = "ADMINISTRATOR"
    SIGN_IN = "SIGN_IN"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``name`` and ``organisation`` (a SIREN) go to the ledger, which names no person.

    ``sirens`` are the organisations it acts for: its own and those that named it a delegate.
    ``vendors`` and ``collectivites`` are the records (ids) that those are in the registry.
    ``scopes`` and ``until`` bound a machine; a person has none.
    """

    role: Role
    name: str
    organisation: str | None = None
    siret: str | None = None
    label: str | None = None
    email: str | None = field(default=None, repr=False)
    sirens: frozenset[str] = frozenset()
    vendors: frozenset[int] = frozenset()
    collectivites: frozenset[int] = frozenset()
    scopes: frozenset[TokenScope] | None = None
    until: datetime | None = None

    @property
    def represented(self) -> str | None:
        """The organisation for which it acts where none is named: its own, if it is one of them."""
        if self.organisation in self.sirens or not self.sirens:
            return self.organisation
        return min(self.sirens)

    @property
    def identity(self) -> Mapping[str, str]:
        """What the database is told of a transaction's author: see the row policies."""
        return {
            "raccord.actor": self.name,
            "raccord.organisation": self.organisation or "",
            "raccord.role": "" if self.role is Role.PUBLIC else self.role.value,
            "raccord.vendors": _array(self.vendors),
            "raccord.collectivites": _array(self.collectivites),
            "raccord.sirens": _array(self.sirens),
        }


def _array(values: frozenset[int] | frozenset[str]) -> str:
    return "{" + ",".join(str(value) for value in sorted(values)) + "}"


PUBLIC = Actor(Role.PUBLIC, "public")
ADMINISTRATOR = Actor(Role.ADMINISTRATOR, "administrator")
"""Whoever holds the machine's terminal, and so the database."""
REGISTRY = Actor(Role.ADMINISTRATOR, "registry")
"""The registry itself, for what a date brings about."""
SIGN_IN = Actor(Role.SIGN_IN, "sign-in")
