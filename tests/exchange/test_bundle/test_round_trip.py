"""What is exported is what was imported, and it comes back the same, to the byte."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from registry.exchange.bundle.cells import neutralise
from registry.exchange.bundle.reading import HIDDEN
from tests.conftest import reset
from tests.effort import examples
from tests.exchange.bundles import (
    BODIES,
    VENDOR,
    Row,
    exported,
    imported,
    insert_bodies,
    insert_towns,
    peak_growth,
    rows_of,
    small,
    write,
    write_many,
)
from tests.oracle import Body, World
from tests.strategies import bundle, worlds

SLOW = settings(
    max_examples=examples(40),
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


FREE = ("charter_version", "signatory", "signatory_capacity", "exclusions")


def free_texts() -> st.SearchStrategy[str]:
    """What people may type: all but white space alone, and what is refused as invisible."""
    visible = st.characters(exclude_categories=("Cs",)).filter(lambda c: not HIDDEN.match(c))
    awkward = st.sampled_from(
        ["\t", "\r", "\n", "\r\n", '"', '""', ",", ";", "'", " ", "\\.", "\\N"]
    )
    starts = st.sampled_from(
        ["", "", "=", "+", "-", "@", "'", "''", "'=", "\t", "\r", "'\t", "=cmd()", "＝"]
    )
    body = st.lists(visible | awkward | starts, max_size=12).map("".join)
    return st.tuples(starts, body).map("".join).filter(lambda text: not text.isspace())


@SLOW
@given(texts=st.lists(st.fixed_dictionaries(dict.fromkeys(FREE, free_texts())), min_size=1))
async def test_free_text_comes_back_as_it_was_typed(
    addresses: Addresses, shared_database: Database, texts: list[dict[str, str]]
) -> None:
    """Typed through the apostrophe that an export writes; recorded without it."""
    database = shared_database
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = small()
        (product,), (step,) = files["products"], files["commitments"]
        files["products"] += [product | {"slug": f"p{i}"} for i in range(len(texts))]
        files["commitments"] = [
            step | {"product": f"p{i}"} | {k: neutralise(v) for k, v in text.items()}
            for i, text in enumerate(texts)
        ]
        await fresh(addresses, database, BODIES)
        await imported(database, write(folder / "given", files))
        first = await exported(database, folder / "first")
        steps = {row["product"]: row for row in rows_of(folder / "first", "commitments")}
        async with database.read() as session:
            recorded = {row.slug: row for row in await session.execute(sa.text(RECORDED))}
        for i, text in enumerate(texts):
            for column in FREE:
                assert steps[f"p{i}"][column] == neutralise(text[column])
                assert (getattr(recorded[f"p{i}"], column) or "") == text[column]
        assert (await imported(database, folder / "first")).nothing
        await fresh(addresses, database, BODIES)
        await imported(database, folder / "first")
        assert await exported(database, folder / "second") == first


RECORDED = "SELECT commitment.*, slug FROM commitment JOIN product ON product.id = product_id"


@pytest.mark.parametrize(
    ("recorded", "written"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=1", "''=1"),
        ("'x", "'x"),
        ("x=1", "x=1"),
        ("x;=1", "x;'=1"),
        ("x,+1", "x,'+1"),
        ("x\t@y", "x\t'@y"),
        ("x\n-1", "x\n'-1"),
        ('x;"=1"', 'x;\'"=1"'),
        ("＝1", "'＝1"),
        ("x, - 1", "x, - 1"),
    ],
)
async def test_what_a_spreadsheet_would_run_is_neutralised(
    database: Database, tmp_path: Path, recorded: str, written: str
) -> None:
    """Whether it was typed so or already neutralised; a second passage adds nothing."""
    spellings = {written} if "'" in recorded else {written, recorded}
    for number, typed in enumerate(sorted(spellings)):
        vendors = [{"siren": VENDOR, "name": typed}]
        await imported(database, write(tmp_path / f"in{number}", {"vendors": vendors}))
        async with database.read() as session:
            assert await session.scalar(sa.text("SELECT name FROM vendor")) == recorded
        await exported(database, tmp_path / "out")
        assert rows_of(tmp_path / "out", "vendors")[0]["name"] == written
        assert (await imported(database, tmp_path / "out")).nothing


async def test_an_export_is_sorted_by_key_in_byte_order(database: Database, tmp_path: Path) -> None:
    """And written as RFC 4180 without a mark, whatever the spelling that came in."""
    files = small()
    slugs = ["zenith", "agora2", "agora-2", "agora.2", "agora"]
    files["products"] = [files["products"][0] | {"slug": slug} for slug in slugs]
    async with database.transaction(ADMINISTRATOR) as session:
        await insert_bodies(session, BODIES)
    await imported(database, write(tmp_path / "in", files))
    written = await exported(database, tmp_path / "out")
    assert sorted(written) == sorted(f"{noun}.csv" for noun in KEYS)
    assert [row["slug"] for row in rows_of(tmp_path / "out", "products")] == sorted(slugs)
    for content in written.values():
        assert b"\r" not in content
        assert not content.startswith(b"\xef\xbb\xbf")
        assert content.endswith(b"\n")


async def test_an_export_replaces_what_stood_there(database: Database, tmp_path: Path) -> None:
    write(tmp_path / "out", {"vendors": [{"siren": VENDOR, "name": "Ancien"}]})
    await exported(database, tmp_path / "out")
    assert rows_of(tmp_path / "out", "vendors") == []


async def test_memory_does_not_grow_with_the_file(database: Database, tmp_path: Path) -> None:
    """Ten times the rows, and no more than what the caches hold: 2 MB, less than the file."""
    async with database.transaction(ADMINISTRATOR) as session:
        await insert_towns(session)
    await peak_growth(database, write_many(tmp_path / "less", 20_000))
    folder = write_many(tmp_path / "many", 200_000)
    report, growth = await peak_growth(database, folder)
    size = (folder / "deployments.csv").stat().st_size
    assert report.created["deployment"] == 180_000
    assert growth < size / 2, f"{growth / 1e6:.1f} MB for a file of {size / 1e6:.1f} MB"
    assert (await imported(database, folder)).nothing


async def fresh(addresses: Addresses, database: Database, bodies: Iterable[Body]) -> None:
    await reset(addresses)
    async with database.transaction(ADMINISTRATOR) as session:
        await insert_bodies(session, bodies)
