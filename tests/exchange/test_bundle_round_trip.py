"""What is exported is what was imported, and it comes back the same, to the byte."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from registry.database import Database
from registry.embedded import Addresses
from tests.conftest import reset
from tests.exchange.bundles import (
    Row,
    exported,
    imported,
    insert_bodies,
    rows_of,
    write,
)
from tests.oracle import Body, World
from tests.strategies import bundle, worlds

SLOW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

KEYS = {
    "collectivites": ("siren",),
    "vendors": ("siren",),
    "products": ("vendor_siren", "slug"),
    "integrations": ("vendor_siren", "product", "service", "effective_on"),
    "commitments": ("vendor_siren", "product", "effective_on"),
    "deployments": ("collectivite", "vendor_siren", "product", "demarche", "since"),
    "activations": (
        "collectivite",
        "vendor_siren",
        "product",
        "demarche",
        "service",
        "effective_on",
    ),
}


def in_order(name: str, rows: Iterable[Row]) -> list[dict[str, str]]:
    """By key in byte order; rows of one day stay in the order of the file."""
    return sorted(map(dict, rows), key=lambda row: [row[k].encode() for k in KEYS[name]])


@SLOW
@given(world=worlds())
async def test_a_world_comes_back_row_by_row_and_byte_by_byte(
    addresses: Addresses, shared_database: Database, world: World
) -> None:
    database = shared_database
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = bundle(world)
        await fresh(addresses, database, world.bodies)
        await imported(database, write(folder / "given", files))
        first = await exported(database, folder / "first")
        for noun, rows in files.items():
            columns = list(rows[0]) if rows else []
            back = [{c: row[c] for c in columns} for row in rows_of(folder / "first", noun)]
            assert back == in_order(noun, rows), noun
        assert (await imported(database, folder / "given")).nothing
        assert (await imported(database, folder / "first")).nothing
        await fresh(addresses, database, world.bodies)
        await imported(database, folder / "first")
        assert await exported(database, folder / "second") == first


async def fresh(addresses: Addresses, database: Database, bodies: Iterable[Body]) -> None:
    await reset(addresses)
    async with database.transaction() as session:
        await insert_bodies(session, bodies)
