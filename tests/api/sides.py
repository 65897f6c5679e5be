"""Those who may speak of a use of software, in the world of the tests."""

from typing import NamedTuple

from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR
from registry.domain.verification import differences
from tests.factories import siren

EBENE, AUBEPINE, CEDRE, SILENT = (siren(number) for number in range(99990000, 99990004))
OPERATOR, OTHER = siren(20000099), siren(20000098)
TOWN, NEIGHBOUR, READY, OFFLINE = "01006", "01005", "01002", "01007"
CHECKED = {
    "numéros du journal sans trou",
    "empreintes du journal",
    "contenu du journal",
    "journal et registre (deployment)",
    "journal et registre (activation)",
    "journal et registre (software_request)",
    "journal et registre (collectivite)",
    "fin des étapes (activation)",
    "périodes d’usage qui ne se chevauchent pas",
}


def town(insee: str) -> str:
    return siren(21000000 + int(insee))


class Sides(NamedTuple):
    """A token each; ``town`` is Le Bois, which uses nothing yet."""

    town: str
    vendor: str
    ministry: str
    neighbour: str
    competitor: str
    operator: str


def link(insee: str = TOWN, **given: object) -> dict[str, object]:
    """Le Bois uses Ébène's portal, unless told otherwise."""
    return {
        "collectivite": insee,
        "vendorSiren": EBENE,
        "product": "famille",
        "demarche": "PERISCOLAIRE",
    } | given


async def record_world(database: Database) -> None:
    """The ledger learns what the world began with."""
    async with database.transaction(ADMINISTRATOR) as session:
        for noun in ("deployment", "activation", "collectivite"):
            ids = f"SELECT id FROM {noun}"
            await ledger.append_selected(session, "create", noun, ids)


async def faults(database: Database) -> list[tuple[str, str]]:
    """What the verification finds in the ledger, in uses of software and their activations."""
    async with database.read(ADMINISTRATOR) as session:
        return [
            (name, fault)
            async for name, fault in differences(session)
            if fault is not None and name in CHECKED
        ]
