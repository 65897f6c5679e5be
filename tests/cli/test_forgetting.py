"""What was erased comes back nowhere; what can't be erased is refused, with the way out."""

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest
from alembic import command as alembic
from sqlalchemy.ext.asyncio import create_async_engine

from registry.app import create_app
from registry.database import alembic_configuration, connected
from registry.embedded import Addresses
from registry.settings import ROOT, Settings
from tests.cli.conftest import Outcome, Run
from tests.exchange.bundles import VENDOR, small, write

ALIX, FORMER = "alix@agora.example", "avant@agora.example"
NAME, CAPACITY = "Alix Exemple", "gérante depuis toujours"
ERASED = (ALIX, NAME, CAPACITY)
USES = ("deployments", "activations")
PAGES = (
    f"/editeurs/{VENDOR}",
    f"/editeurs/{VENDOR}/agora",
    "/editeurs",
    "/editeurs.csv",
    "/editeurs.json",
    "/flux.atom",
)


async def answers(url: str) -> str:
    """What the public reads of the vendor: pages, files, feed and history."""
    queries = ("VendorHistory", "Vendor")
    async with connected(url) as database, database.followed():
        app = create_app(database, Settings())
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
            replies = [await client.get(page) for page in PAGES]
            for name in queries:
                query = (ROOT / "graphql" / "operations" / f"{name}.graphql").read_text()
                body = {"query": query, "variables": {"siren": VENDOR}}
                replies.append(await client.post("/graphql", json=body))
    for reply in replies:
        assert reply.status_code == 200, (reply.url, reply.text)
        assert '"errors"' not in reply.text, reply.text
    return "\n".join(reply.text for reply in replies)


async def execute(superuser: str, statement: str) -> None:
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def beside(url: str) -> str:
    return urlsplit(url)._replace(path="/elsewhere").geturl()


@pytest.fixture
def elsewhere(addresses: Addresses) -> Iterator[str]:
    """A database of its own, without a table."""
    owner = urlsplit(addresses.owner)
    created = f"CREATE DATABASE elsewhere OWNER {owner.username}"
    asyncio.run(execute(addresses.superuser, created))
    yield beside(addresses.owner)
    dropped = "DROP DATABASE elsewhere WITH (FORCE)"
    asyncio.run(execute(addresses.superuser, dropped))


@pytest.fixture
def there(run: Run, elsewhere: str, addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``raccord`` on that database."""

    def command(*arguments: str) -> Outcome:
        with monkeypatch.context() as own:
            own.setenv("RACCORD_DATABASE_URL", beside(addresses.service))
            own.setenv("RACCORD_OWNER_DATABASE_URL", elsewhere)
            return run(*arguments)

    return command


async def rows(url: str) -> str:
    """All that the database holds, the ledger as it reads."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
        )
        said = ["SELECT string_agg(convert_from(payload, 'UTF8'), '') FROM ledger"]
        said += [f"SELECT string_agg(held::text, '') FROM {name} AS held" for (name,) in tables]
        return "".join([await connection.fetchval(query) or "" for query in said])
    finally:
        await connection.close()


def files(folder: Path) -> dict[str, list[list[str]]]:
    return {
        path.name: [*csv.reader(path.read_text().splitlines())] for path in sorted(folder.iterdir())
    }


def given(folder: Path, contact: str) -> Path:
    """A vendor with a product and a signature, whom no collectivité uses."""
    bundle = {name: rows for name, rows in small().items() if name not in USES}
    bundle["vendors"][0]["contact"] = contact
    bundle["commitments"][0] |= {"signatory": NAME, "signatory_capacity": CAPACITY}
    return write(folder, bundle)


def test_what_is_erased_goes_round_without_coming_back(
    run: Run, there: Run, elsewhere: str, addresses: Addresses, tmp_path: Path
) -> None:
    for contact in (FORMER, ALIX):
        done = run("import", "bundle", str(given(tmp_path / contact, contact)))
        assert done.code == 0, done.err
    assert ALIX in asyncio.run(answers(addresses.service))
    assert all(value in asyncio.run(rows(addresses.owner)) for value in ERASED)
    assert run("export", "bundle", str(tmp_path / "before")).code == 0
    for person in ERASED:
        outcome = run("privacy", "erase", person, "--yes")
        assert outcome.code == 0, outcome.err
    assert run("export", "bundle", str(tmp_path / "after")).code == 0
    verified = run("verify")
    assert verified.code == 0, verified.err

    expected = {
        name: [["" if cell in ERASED else cell for cell in row] for row in rows]
        for name, rows in files(tmp_path / "before").items()
    }
    assert files(tmp_path / "after") == expected != files(tmp_path / "before")
    said = asyncio.run(answers(addresses.service))
    assert [value for value in ERASED if value in said] == []
    assert FORMER in said
    assert "effacé" in said
    held = asyncio.run(rows(addresses.owner))
    assert [value for value in ERASED if value in held] == []

    assert there("migrate").code == 0
    imported = there("import", "bundle", str(tmp_path / "after"))
    assert imported.code == 0, imported.err
    assert there("export", "bundle", str(tmp_path / "again")).code == 0
    for path in (tmp_path / "after").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name
    assert "Rien n’a changé" in there("import", "bundle", str(tmp_path / "after")).err
    said = asyncio.run(answers(beside(addresses.service)))
    assert [value for value in (*ERASED, FORMER) if value in said] == []
    verified = there("verify")
    assert verified.code == 0, verified.err


BEFORE = "0017"
"""The last revision whose ledger held personal values as they are."""
SPOKEN = """
    INSERT INTO vendor (siren, name, search, contact)
    VALUES ('000000109', 'Éditeur', 'editeur 000000109', 'alix@agora.example');
    SELECT ledger_append('administrator', NULL, 'create', 'vendor', array_agg(id)) FROM vendor;
"""
SIGNED = """
    INSERT INTO vendor (siren, name, search) VALUES ('000000109', 'Éditeur', 'editeur 000000109');
    INSERT INTO commitment (vendor_id, state, effective_on, declared_by, signatory_capacity)
    SELECT id, 'SIGNED', '2024-01-01', 'VENDOR', 'gérante' FROM vendor;
    SELECT ledger_append('administrator', NULL, 'sign', 'commitment', array_agg(id))
    FROM commitment;
"""
SILENT = """
    INSERT INTO vendor (siren, name, search) VALUES ('000000109', 'Éditeur', 'editeur 000000109');
    SELECT ledger_append('administrator', NULL, 'create', 'vendor', array_agg(id)) FROM vendor;
"""
STATE = """
    SELECT string_agg(said, ';' ORDER BY said) FROM (
        SELECT encode(payload, 'hex') FROM ledger UNION ALL SELECT version_num FROM alembic_version
        UNION ALL SELECT oid::regclass::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT oid::regprocedure::text FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace) AS known (said)
"""


async def as_before(url: str, statement: str) -> None:
    """The database of an older program, and what it wrote there."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url)
    )
    async with engine.begin() as connection:
        await connection.run_sync(lambda at: alembic.upgrade(alembic_configuration(at), BEFORE))
    await engine.dispose()
    await answer(url, statement)


async def answer(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        if statement == STATE:
            return str(await connection.fetchval(statement))
        return await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("statement", [SPOKEN, SIGNED])
def test_a_ledger_that_holds_clear_values_is_refused_with_the_way_out(
    there: Run, elsewhere: str, statement: str
) -> None:
    asyncio.run(as_before(elsewhere, statement))
    before = asyncio.run(answer(elsewhere, STATE))
    for _ in range(2):
        outcome = there("migrate")
        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err.count(".\n") == 1 == outcome.err.count("\n")
        for step in ("export bundle DOSSIER", "base neuve", "migrate", "import bundle DOSSIER"):
            assert step in outcome.err
        assert asyncio.run(answer(elsewhere, STATE)) == before


def test_a_ledger_that_holds_none_is_brought_to_the_code_s_revision(
    there: Run, elsewhere: str
) -> None:
    asyncio.run(as_before(elsewhere, SILENT))
    assert there("migrate").code == 0
    verified = there("verify")
    assert verified.code == 0, verified.err
