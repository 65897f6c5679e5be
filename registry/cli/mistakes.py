"""What a person's mistake comes up as, and what to tell them."""

import errno
import re
import socket
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

STATES = {
    "08": "la liaison est rompue",
    "25006": "elle est en lecture seule",
    "28": "ce compte ou ce mot de passe n’y est pas admis",
    "3D": "cette base n’existe pas",
    "42501": "ce compte n’en a pas le droit",
    "53": "le serveur n’a plus de place ou de connexion libre",
    "55": "elle est occupée",
    "57": "le serveur démarre, s’arrête, ou a interrompu la demande",
}
"""By the beginning of PostgreSQL's code."""
SYSTEM = {
    errno.ENOENT: "il n’existe pas",
    errno.EACCES: "l’accès en est refusé",
    errno.EPERM: "l’accès en est refusé",
    errno.EISDIR: "c’est un dossier",
    errno.ENOSPC: "il n’y a plus de place",
    errno.EROFS: "le support est en lecture seule",
    errno.ECONNREFUSED: "la connexion est refusée",
    errno.ECONNRESET: "la connexion est rompue",
    errno.EHOSTUNREACH: "l’hôte est injoignable",
    errno.ENETUNREACH: "le réseau est injoignable",
}

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
            return f"La base de données refuse : {_of_driver(error)}"
        case DBAPIError(statement=None):
            return f"La connexion à la base de données échoue : {_of_driver(error.orig)}"
        case InterfaceError() | OperationalError() | DBAPIError(connection_invalidated=True):
            return f"La connexion à la base de données est perdue : {_of_driver(error.orig)}"
        case OSError():
            return _unanswered(error)
    return None


ALLOWED = {
    "value_error": "{error}",
    "int_parsing": "un nombre entier est attendu",
    "greater_than": "plus de {gt} est attendu",
    "greater_than_equal": "{ge} au moins est attendu",
    "less_than": "moins de {lt} est attendu",
    "less_than_equal": "{le} au plus est attendu",
}
"""What is expected of a setting, by the kind of its fault."""


def _setting(fault: Any) -> str:
    name = Settings.variable("_".join(map(str, fault["loc"])))
    why = ALLOWED.get(fault["type"], "").format_map(fault.get("ctx", {}))
    given = f"{name} : valeur refusée, « {fault['input']} »"
    return f"{given} : {why}." if why else f"{given}."


def _unanswered(error: OSError) -> str:
    if isinstance(error, NotADirectoryError | FileExistsError):
        return f"« {error.filename} » n’est pas un dossier."
    if error.filename is not None:
        return f"« {error.filename} » ne peut pas être lu ou écrit : {_of_system(error)}."
    return f"La base de données ne répond pas : {_of_system(error)}."


def _of_driver(error: object) -> str:
    """By its code: what it says is in English."""
    code = getattr(error, "sqlstate", None) or ""
    found = next((said for start, said in STATES.items() if code.startswith(start)), None)
    if found is None:
        found = "elle n’a pas répondu comme attendu"
    return f"{found} (code {code})." if code else f"{found}."


def _of_system(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "délai dépassé"
    if isinstance(error, socket.gaierror):
        return "cet hôte est inconnu"
    unnamed = "connexion impossible" if error.errno is None else f"erreur {error.errno} du système"
    return SYSTEM.get(error.errno or 0, unnamed)


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
