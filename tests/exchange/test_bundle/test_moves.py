"""Whatever is renamed, transferred or merged: every key still means its product, what is recorded
agrees with itself, and the registry goes out and comes back the same.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from models import CommitmentState
from registry.database import Database
from registry.domain import commitments, ledger, mergers, products, vendors
from registry.domain.actor import ADMINISTRATOR, Actor, Role
from registry.domain.clock import today
from registry.domain.commitments import YIELDING
from registry.domain.errors import DomainError
from registry.domain.verification import differences
from registry.embedded import Addresses
from tests.effort import examples
from tests.exchange.bundles import exported, imported, write
from tests.exchange.test_bundle.test_round_trip import fresh
from tests.oracle import World
from tests.strategies import bundle, worlds
from tests.strategies.composition import SLUGS

MINISTRY = Actor(Role.MINISTRY, "ministère", "130025265")

Key = tuple[str, str]


class Move(NamedTuple):
    """``first`` and ``second`` are numbers of products or of vendors; ``slug`` is for a name."""

    kind: str
    first: int
    second: int
    slug: str


MOVES = st.lists(
    st.builds(
        Move,
        st.sampled_from(("transfer", "merge", "rename")),
        st.integers(0, 7),
        st.integers(0, 3),
        st.sampled_from((*SLUGS, "neuf")),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(world=worlds(), moves=MOVES)
async def test_moves_lose_nothing(
    addresses: Addresses, shared_database: Database, world: World, moves: list[Move]
) -> None:
    database = shared_database
    with TemporaryDirectory() as name:
        folder = Path(name)
        await fresh(addresses, database, world.bodies)
        await imported(database, write(folder / "given", bundle(world)))
        await tell_the_ledger(database)
        keys = await meanings(database, {product.key: 0 for product in world.products})
        faults = await faulty(database)
        for move in moves:
            before = await standing(database, keys)
            key = await perform(database, world, keys, move)
            event(f"{move.kind}: {'done' if key else 'refused'}")
            keys |= key
            assert (await standing(database, keys)).items() >= before.items(), move
        assert await meanings(database, keys) == keys
        assert await faulty(database) == faults
        meant = await current_keys(database, keys)
        first = await exported(database, folder / "first")
        await fresh(addresses, database, world.bodies)
        await imported(database, folder / "first")
        assert await exported(database, folder / "second") == first
        assert (await imported(database, folder / "second")).nothing
        assert await current_keys(database, keys) == meant


async def perform(
    database: Database, world: World, keys: Mapping[Key, int], move: Move
) -> dict[Key, int]:
    """The keys that it gives; none where it is refused."""
    known = [*keys]
    siren, slug = known[move.first % len(known)]
    other = world.vendors[move.second % len(world.vendors)]
    try:
        async with database.transaction(MINISTRY) as session:
            if move.kind == "merge":
                own = world.vendors[move.first % len(world.vendors)]
                source = await vendors.by_siren(session, own)
                assert source is not None
                moved = await products.of_vendor(session, source.recorded_id)
                target = await mergers.merge(session, MINISTRY, own, other)
                return {(target.siren, product.slug): product.recorded_id for product in moved}
            product = await products.by_key(session, siren, slug)
            assert product is not None
            read = siren, slug, product.version
            if move.kind == "rename":
                product = await products.rename(session, MINISTRY, *read, move.slug)
            else:
                product = await products.transfer(session, MINISTRY, *read, other)
            owner = (await vendors.by_ids(session, [product.vendor_id]))[product.vendor_id]
            return {(owner.siren, product.slug): product.recorded_id}
    except DomainError:
        return {}


async def meanings(database: Database, keys: Mapping[Key, int]) -> dict[Key, int]:
    async with database.read() as session:
        found = {key: await products.by_key(session, *key) for key in keys}
    return {key: product.recorded_id for key, product in found.items() if product}


async def current_keys(database: Database, keys: Mapping[Key, int]) -> dict[Key, Key]:
    found = await meanings(database, keys)
    async with database.read() as session:
        rows = await products.by_ids(session, [*found.values()])
        owners = await vendors.by_ids(session, [row.vendor_id for row in rows.values()])
    return {
        key: (owners[rows[row_id].vendor_id].siren, rows[row_id].slug)
        for key, row_id in found.items()
    }


async def standing(database: Database, keys: Mapping[Key, int]) -> dict[int, CommitmentState]:
    """What applies to each product and gives way to nothing: no move may change it."""
    async with database.read() as session:
        found = await commitments.applying(session, sorted({*keys.values()}), today())
    return {key: read.state for key, read in found.items() if read.state not in YIELDING}


async def faulty(database: Database) -> set[str]:
    """The checks that find something: bodies drawn at random do not add up."""
    async with database.read(ADMINISTRATOR) as session:
        return {name async for name, found in differences(session) if found}


async def tell_the_ledger(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        for noun in ("collectivite", "territory"):
            ids = f"SELECT id FROM {noun} WHERE id NOT IN (SELECT subject_id FROM ledger"
            entries = f"{ids} WHERE noun = '{noun}')"
            await ledger.append_selected(session, "create", noun, entries)
