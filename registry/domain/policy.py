"""Who may do what: one table, deny by default."""

from enum import StrEnum

from registry.domain.actor import Actor, Role
from registry.domain.errors import NotAllowed


class Action(StrEnum):
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"


ALLOWED: dict[Action, frozenset[Role]] = {
    Action.IMPORT: frozenset({Role.ADMINISTRATOR}),
    Action.EXPORT: frozenset({Role.ADMINISTRATOR}),
}

REFUSALS: dict[Action, str] = {
    Action.IMPORT: "Seul l’administrateur du registre peut importer des données.",
    Action.EXPORT: "Seul l’administrateur du registre peut exporter le registre entier.",
}


def authorise(actor: Actor, action: Action) -> None:
    """Raise ``NotAllowed`` with the reason."""
    if actor.role not in ALLOWED.get(action, frozenset()):
        raise NotAllowed(REFUSALS[action])
