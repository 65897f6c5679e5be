"""What the database refuses, told as the domain would have: constraints have predictable names."""

import logging
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from registry.domain.errors import AlreadyExists, Conflict, DomainError, NotAllowed

UNIQUE_VIOLATION, INSUFFICIENT_PRIVILEGE = "23505", "42501"

KEYS: Mapping[str, tuple[str, str]] = {
    "uq_vendor_siren": ("siren", "Un éditeur a déjà ce SIREN."),
    "uq_product_vendor_id_slug": ("slug", "Cet éditeur a déjà un logiciel de cet identifiant."),
    "uq_deployment_key": ("since", "Cet usage est déjà déclaré depuis ce jour."),
    "uq_delegation_current": ("email", "Cette personne est déjà déléguée de cette organisation."),
    "uq_allowed_siret_current": ("siret", "Cet établissement est déjà sur la liste."),
    "uq_deployment_current": ("product", "Cet usage est déjà déclaré."),
}
"""For each key: the field that is told, and the sentence."""

RACE = "Quelqu’un d’autre vient d’écrire au même endroit : relire, puis refaire."
WALL = "La base de données réserve cette écriture à d’autres."

logger = logging.getLogger(__name__)


def refusal(error: DBAPIError | StaleDataError) -> DomainError:
    """Raise ``error`` again where it is a bug.

    A row policy hides the rows that are not the writer's: SQLAlchemy then finds them gone. It is
    the second wall, so that the first one missed something.
    """
    state, name = _said(error) if isinstance(error, DBAPIError) else (INSUFFICIENT_PRIVILEGE, "")
    if state == INSUFFICIENT_PRIVILEGE:
        logger.error("A row policy refused what the domain allowed", exc_info=error)
        return NotAllowed(WALL)
    if state == UNIQUE_VIOLATION:
        return AlreadyExists(*KEYS[name]) if name in KEYS else Conflict(RACE)
    raise error


def _said(error: DBAPIError) -> tuple[str | None, str]:
    cause = getattr(error.orig, "__cause__", None)
    return getattr(error.orig, "sqlstate", None), getattr(cause, "constraint_name", None) or ""
