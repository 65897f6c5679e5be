from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from registry.database import Database, connected, migrate
from registry.domain.rollout.upkeep import settle
from registry.embedded import Addresses
from tests.effort import POSTGRES
from tests.servers import create_external_login, server

EMPTIED = (
    *("allowed_siret", "bulk_declaration", "delegation", "evidence", "idempotency_key", "message"),
    *("sign_in_attempt", "software_request", "web_session", "write_quota", "ledger", "vendor"),
    *("product", "product_former_key", "integration", "commitment", "collectivite"),
    *("collectivite_former_code", "territory", "deployment", "activation", "dispute"),
    *("dispute_transition", "grant_claim", "grant_claim_transition", "account", "token"),
    *("product_verdict", "readiness", "coverage_count", "blocker_count"),
)
LARGEST = """
SELECT max(pg_relation_size(CAST(name AS regclass))) FROM unnest(CAST($1 AS text[])) AS name
"""
DELETABLE = 1_000_000
"""Bytes of the largest table, up to which its rows go faster one by one than all the tables."""
DELETE = (
    "\n".join(
        (
            "SET LOCAL session_replication_role = replica;",
            *(f"DELETE FROM {name};" for name in EMPTIED),
        )
    )
    + "SET LOCAL session_replication_role = origin;"
)
TRUNCATE = f"TRUNCATE {', '.join(EMPTIED)};"
RESET = """
ALTER TABLE ledger DISABLE TRIGGER ledger_append_only;
{empty}
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_append_only;
UPDATE campaign SET vintage = NULL, grant_amount_cents = 500000, total_target = 5000,
    deadline = '2022-12-31', accepted_services = ARRAY['FRANCECONNECT_V1', 'FRANCECONNECT_V2'];
UPDATE target SET share = CASE stratum WHEN 'DEPARTEMENT' THEN 1 WHEN 'COMMUNE_UP_TO_3500' THEN 0.1
    ELSE 0.5 END;
SELECT ledger_append('migration', NULL, 'create', 'campaign', array_agg(id)) FROM campaign;
SELECT ledger_append('migration', NULL, 'create', 'target', array_agg(id)) FROM target;
DELETE FROM touched;
UPDATE derivation SET as_of = (now() AT TIME ZONE 'Europe/Paris')::date;
"""


FORGETFUL = ("fsync", "full_page_writes", "synchronous_commit")
"""What keeps data through a power cut, which no registry of the suite has to survive."""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    folder: Path = tmp_path_factory.mktemp("postgres")
    with server(POSTGRES, folder) as addresses:
        yield addresses


@pytest.fixture(scope="session")
async def addresses(postgres: Addresses) -> Addresses:
    """A migrated database; the suite's connections to it are the service's own."""
    if POSTGRES != 18:
        await create_external_login(postgres.superuser)
    administrator = await asyncpg.connect(postgres.superuser)
    for setting in FORGETFUL:
        await administrator.execute(f"ALTER SYSTEM SET {setting} = off")
    await administrator.execute("SELECT pg_reload_conf()")
    owner = urlsplit(postgres.owner).username
    await administrator.execute(f"GRANT SET ON PARAMETER session_replication_role TO {owner}")
    await administrator.close()
    await migrate(postgres.owner)
    return postgres


@pytest.fixture(scope="session")
async def shared_database(addresses: Addresses) -> AsyncIterator[Database]:
    async with connected(addresses.service, settle=settle) as database:
        yield database


async def reset(addresses: Addresses) -> None:
    """Back to what the migrations leave: the campaign, and nothing else."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        large = await owner.fetchval(LARGEST, EMPTIED) > DELETABLE
        await owner.execute(RESET.format(empty=TRUNCATE if large else DELETE))
    finally:
        await owner.close()


@pytest.fixture
async def database(addresses: Addresses, shared_database: Database) -> Database:
    """An empty registry."""
    await reset(addresses)
    return shared_database
