"""The service, and the database it needs."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Timer
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from registry import connections, logs, opening
from registry.auth import proconnect, trial
from registry.cli.french import Command
from registry.cli.listening import bound, listen, refusal, url
from registry.cli.loading import loading
from registry.cli.output import complain, progress
from registry.cli.program import program
from registry.domain import examples
from registry.domain.actor import ADMINISTRATOR
from registry.settings import Settings

TRYING = "registry.app:trying"
PATIENCE = 10.0
"""Seconds for what is around the service to end, once all is answered or dropped."""
STEP = 0.1
"""Seconds between two looks at who asks to end at once."""
NOT_STARTED = "Le service n’a pas pu démarrer, ou l’un de ses processus : son journal dit pourquoi."


def _socket(**given: Any) -> asyncio.Protocol:
    """The first socket loads what reads its frames."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    return WebSocketsSansIOProtocol(**given)


def protocols(settings: Settings) -> dict[str, Any]:
    """What the server does with a connection; of a frame it reads more than the door takes, which
    tells that it is too long.
    """
    return {
        "http": connections.protocol(settings),
        "ws": _socket,
        "ws_max_size": 1_000_000,
        "ws_per_message_deflate": False,
    }


class Service(uvicorn.Server):
    """One process: it tells where it answers once it does, and ends in time."""

    def __init__(self, config: uvicorn.Config, running: ExitStack) -> None:
        super().__init__(config)
        self.running = running

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:  # Another program listens since the port was found free.
            raise refusal(error, self.config.host, self.config.port) from error
        _announce(self.config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Whoever asks twice waits for nothing more."""
        patience = (self.config.timeout_graceful_shutdown or 0) + PATIENCE
        if self.should_exit:
            patience = 0.0
        super().handle_exit(sig, frame)
        guard = Timer(patience, self._leave_undone)
        guard.daemon = True
        guard.start()

    def _leave_undone(self) -> None:
        """Neither a thread at work nor a loop that is held delays the end."""
        complain("Le service n’a pas fini à temps ce qui était en cours : il s’arrête.")
        self.running.close()
        os._exit(0)


class Workers(Multiprocess):
    """Several processes, which end in time too.

    ``failed``: one ended by itself, as any that took its place would.
    """

    failed = False

    def init_processes(self) -> None:
        super().init_processes()
        while not self.signal_queue and all(each.process.is_alive() for each in self.processes):
            if self.processes[0].is_ready(STEP):
                _announce(self.config)
                break

    def keep_subprocess_alive(self) -> None:
        if any((each.exitcode or 0) > 0 for each in self.processes):
            self.failed = True
            self.should_exit.set()
        super().keep_subprocess_alive()

    def terminate_all(self) -> None:
        """Whoever comes now is refused, and not left before a door that nobody opens."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Until all ended, the time is over, or whoever asked for it asks again."""
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + PATIENCE
        for each in self.processes:
            while each.process.is_alive() and time.monotonic() < deadline:
                each.process.join(STEP)
                deadline = 0.0 if self.signal_queue else deadline
            if each.process.is_alive():
                each.kill()
        super().join_all()


@program.command(cls=Command)
def serve(
    host: Annotated[str, typer.Option(help="Adresse d’écoute.", metavar="ADRESSE")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port d’écoute.", min=0, max=65535, metavar="PORT")
    ] = 8000,
    workers: Annotated[int, typer.Option(help="Nombre de processus.", min=1, metavar="N")] = 1,
    demo: Annotated[
        bool, typer.Option("--demo", help="Charge le registre fictif si le registre est vide.")
    ] = False,
    dev_sign_in: Annotated[
        bool,
        typer.Option(
            "--dev-sign-in",
            help="Ouvre la connexion d’essai, sur la base embarquée et cette machine seulement.",
        ),
    ] = False,
) -> None:
    """Sert le registre sur HTTP."""
    settings = Settings()
    proconnect.configured(settings)
    if dev_sign_in:
        trial.check(settings, host)
    sockets = bound(host, port)
    if dev_sign_in:
        trial.renew_code(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        TRYING if dev_sign_in else "registry.app:serving",
        factory=True,
        host=host,
        port=sockets[0].getsockname()[1],
        workers=workers,
        log_config=logs.configuration(settings.log_level),
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=settings.stop_seconds,
        **protocols(settings),
    )
    with ExitStack() as running:
        with _timed("Base de données prête"):
            # The database starts while this process loads what it is going to serve.
            with ThreadPoolExecutor(1) as helper:
                located = helper.submit(running.enter_context, opening.located(settings))
                if workers == 1:
                    with loading():
                        config.load()
            located.result()
            asyncio.run(_prepare(settings, demo=demo, dev_sign_in=dev_sign_in))
        _serve(config, sockets, running)


def _serve(config: uvicorn.Config, sockets: list[socket.socket], running: ExitStack) -> None:
    """Until a signal, which must not cut short what follows: the database closes too."""
    if config.workers > 1:
        listen(sockets, config.backlog, config.host)
        workers = Workers(config, sockets)
        workers.run()
        if workers.failed:
            complain(NOT_STARTED)
            raise typer.Exit(1)
        return
    server = Service(config, running)

    def leave(*_: object) -> None:
        server.should_exit = True

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, leave)
    try:
        server.run(sockets)
    except SystemExit as ended:
        if ended.code != STARTUP_FAILURE:
            raise
    if not server.started and not server.should_exit:
        complain(NOT_STARTED)
        raise typer.Exit(1)


def _announce(config: uvicorn.Config) -> None:
    address = url(config.host, config.port)
    complain(f"Raccord répond sur {address}")
    if config.app == TRYING:
        code = trial.read_code(Settings())
        complain(f"Pour essayer le registre fictif : {address}/connexion/essai?code={code}")


async def _prepare(settings: Settings, *, demo: bool, dev_sign_in: bool) -> None:
    async with opening.opened(settings) as database:
        if demo:
            # Whoever loads it does so once, and every other start goes without.
            from registry.exchange.demo import load_when_empty

            with progress() as tell, _timed("Registre fictif prêt"):
                async with database.transaction(ADMINISTRATOR) as session:
                    await load_when_empty(session, ADMINISTRATOR, settings.fixtures_dir, tell)
        if settings.database_url is None:
            change = examples.allow_ministry if dev_sign_in else examples.forget_trial
            async with database.transaction(ADMINISTRATOR) as session:
                await change(session, ADMINISTRATOR)


@program.command(cls=Command)
def migrate() -> None:
    """Amène la base de données à la révision du programme."""
    with _timed("Base de données à jour"):
        asyncio.run(opening.migrate(Settings()))


@contextmanager
def _timed(done: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    complain(f"{done} ({time.monotonic() - start:.1f} s)")
