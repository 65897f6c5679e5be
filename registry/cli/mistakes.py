"""What a person's mistake comes up as, and what to tell them."""

import re
from typing import Any

import asyncpg
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from registry.auth.proconnect import NotConfigured
from registry.auth.trial import TrialRefused
from registry.cli.listening import CannotListen
from registry.cli.output import counted
from registry.database import DatabaseError
from registry.domain.errors import DomainError
from registry.embedded import EmbeddedError
from registry.exchange.bundle import BundleRefused
from registry.exchange.geography import GeographyError
from registry.settings import Settings

REFUSALS = (
    DomainError,
    DatabaseError,
    EmbeddedError,
    GeographyError,
    NotConfigured,
    TrialRefused,
    CannotListen,
)
MISTAKES = (
    *REFUSALS,
    BundleRefused,
    OSError,
    ValueError,
    asyncpg.InterfaceError,
    asyncpg.PostgresError,
    DBAPIError,
)
"""What a person's mistake can come up as; ``reason`` tells those that are one."""

HOST = r"(\[[^]]*\]|[^][:/?,]*)(:[0-9]+)?"
ADDRESS = re.compile(rf"postgres(ql)?://(.*@)?{HOST}(,{HOST})*([/?]|$)")


def reason(error: Exception) -> str | None:
    """What to tell a person; none: it is a bug."""
    if isinstance(error, REFUSALS):
        return str(error)
    if isinstance(error, BundleRefused):
        faults = "\n".join(map(str, error.faults))
        to_mend = counted(len(error.faults), "anomalie")
        return f"{faults}\n\nRien n’a été écrit : {to_mend} à corriger."
    if isinstance(error, ValidationError):
        settings = error.title == Settings.__name__
        return "\n".join(map(_setting, error.errors())) if settings else None
    malformed = _malformed_address()
    if malformed is not None:
        return malformed
    match error:
        case asyncpg.InterfaceError() | asyncpg.PostgresError():
            return f"La base de données refuse : {error}"
        case DBAPIError(statement=None):
            return f"La connexion à la base de données échoue : {error.orig}"
        case InterfaceError() | OperationalError() | DBAPIError(connection_invalidated=True):
            return f"La connexion à la base de données est perdue : {error.orig}"
        case OSError():
            return _unanswered(error)
    return None


def _setting(fault: Any) -> str:
    name = "_".join(map(str, fault["loc"])).upper()
    why = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else ""
    given = f"RACCORD_{name} : valeur refusée, « {fault['input']} »"
    return f"{given} : {why}." if why else f"{given}."


def _unanswered(error: OSError) -> str:
    if isinstance(error, NotADirectoryError | FileExistsError):
        return f"« {error.filename} » n’est pas un dossier."
    if error.filename is not None:
        return f"« {error.filename} » ne peut pas être lu ou écrit : {error.strerror}."
    return f"La base de données ne répond pas : {str(error) or 'délai dépassé'}"


def _malformed_address() -> str | None:
    settings = Settings()
    for name in ("database_url", "owner_database_url"):
        address = getattr(settings, name)
        if address is not None and not ADDRESS.match(address):
            return (
                f"RACCORD_{name.upper()} : adresse mal formée ; il faut"
                " « postgresql://compte@hôte:port/base »."
            )
    return None
