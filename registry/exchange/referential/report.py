from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """What a load found and did. ``departement_bodies`` counts Paris and Lyon too, which are
    also among the communes and the EPCI. ``created``, ``updated`` and ``closed`` count
    collectivités, each in one of them; a vintage's change updates all that go on.
    ``deployments_merged`` are the periods that became part of another one, ``activations_…``
    are whole histories, ``to_settle`` French sentences for a person.
    """

    vintage: int
    communes: int
    epcis: int
    departement_bodies: int
    created: int
    updated: int
    closed: int
    sirens_changed: int
    deployments_moved: int
    deployments_merged: int
    activations_moved: int
    activations_set_aside: int
    ledger_entries: int
    to_settle: tuple[str, ...]

    @property
    def unchanged(self) -> bool:
        return self.ledger_entries == 0
