"""The terminal's door: ``raccord``."""

import io
import re
import sys
from typing import Any, cast

import asyncpg
import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from registry.auth.proconnect import NotConfigured
from registry.auth.trial import TrialRefused
from registry.cli import (  # noqa: F401 (each declares its commands)
    allowed_sirets,
    blockers,
    changes,
    collectivites,
    coverage,
    exchanges,
    forecast,
    plan,
    service,
    simulation,
    tokens,
    trend,
    verification,
    work,
)
from registry.cli.french import in_french
from registry.cli.output import complain, counted
from registry.cli.program import program
from registry.database import DatabaseError
from registry.domain.errors import DomainError
from registry.embedded import EmbeddedError
from registry.exchange.bundle import BundleRefused
from registry.exchange.geography import GeographyError
from registry.settings import Settings

__all__ = ["main"]

REFUSALS = (
    DomainError,
    DatabaseError,
    EmbeddedError,
    GeographyError,
    NotConfigured,
    TrialRefused,
)
MISTAKES = (
    *REFUSALS,
    OSError,
    ValueError,
    asyncpg.InterfaceError,
    asyncpg.PostgresError,
    DBAPIError,
)
"""What a person's mistake can come up as; ``_reason`` tells those that are one."""

HOST = r"(\[[^]]*\]|[^][:/?,]*)(:[0-9]+)?"
ADDRESS = re.compile(rf"postgres(ql)?://(.*@)?{HOST}(,{HOST})*([/?]|$)")


def main() -> None:
    """Exit 0 done, 1 refused with the reason, 2 wrong usage; a traceback is a bug."""
    try:
        code = program(prog_name="raccord", standalone_mode=False)
    except typer.TyperException as mistake:
        complain(_usage(mistake))
        code = mistake.exit_code
    except BundleRefused as refused:
        for fault in refused.faults:
            complain(str(fault))
        complain(f"\nRien n’a été écrit : {counted(len(refused.faults), 'anomalie')} à corriger.")
        code = 1
    except MISTAKES as error:
        reason = _reason(error)
        if reason is None:
            raise
        complain(reason)
        code = 1
    sys.exit(code)


def _usage(mistake: typer.TyperException) -> str:
    said = io.StringIO()
    cast("Any", mistake).show(said)
    return in_french(said.getvalue().rstrip())


def _reason(error: Exception) -> str | None:
    """What to tell a person; none: it is a bug."""
    if isinstance(error, REFUSALS):
        return str(error)
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
    return f"RACCORD_{name} : valeur refusée, « {fault['input']} »."


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
