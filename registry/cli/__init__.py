"""The terminal's door: ``raccord``."""

import sys

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from registry.cli import (  # noqa: F401 (each declares its commands)
    collectivites,
    exchanges,
    rollouts,
    service,
    verification,
)
from registry.cli.output import complain
from registry.cli.program import program
from registry.database import DatabaseError
from registry.domain.errors import DomainError
from registry.embedded import EmbeddedError
from registry.exchange.bundle import BundleRefused
from registry.exchange.geography import GeographyError

__all__ = ["main"]


def main() -> None:
    """Exit 0 done, 1 refused with the reason, 2 wrong usage; a traceback is a bug."""
    try:
        program()
    except BundleRefused as refused:
        for fault in refused.faults:
            complain(str(fault))
        complain(f"\nRien n’a été écrit : {len(refused.faults)} anomalie(s) à corriger.")
    except (DomainError, DatabaseError, EmbeddedError, GeographyError) as refusal:
        complain(str(refusal))
    except (OSError, asyncpg.PostgresError, InterfaceError, OperationalError) as error:
        complain(f"La base de données ou un fichier ne répond pas : {error}")
    except DBAPIError as error:
        if error.connection_invalidated:
            complain(f"La connexion à la base de données est perdue : {error.orig}")
        else:
            raise
    else:
        return
    sys.exit(1)
