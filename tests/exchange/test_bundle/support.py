"""What the tests of bundles share: files spelt by hand, what comes back, and what is refused."""

from pathlib import Path

from registry.database import Database
from registry.exchange.bundle import Fault
from tests.exchange.bundles import exported, refused, rows_of, small, stored

HEADER = b"siren,name,website\n"

Row = dict[str, str]


def raw(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_bytes(content)
    return folder


async def back(database: Database, folder: Path, noun: str) -> list[dict[str, str]]:
    await exported(database, folder)
    return rows_of(folder, noun)


async def faults_of(registry: Database, folder: Path) -> list[Fault]:
    """Those of a bundle that leaves the registry as it was; each reads as a full sentence."""
    before = await stored(registry)
    faults = await refused(registry, folder)
    assert await stored(registry) == before
    for fault in faults:
        assert fault.reason
        assert str(fault).isprintable()
        assert len(str(fault)) < 1000
    return faults


def step(noun: str, product: str, day: str, state: str, **cells: str) -> Row:
    target = {"target_date": "2030-01-01"} if noun == "integrations" else {}
    row = small()[noun][0] | {"product": product, "effective_on": day, "state": state}
    return row | target | cells
