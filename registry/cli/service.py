"""The service, and the database it needs."""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from registry import logs, opening
from registry.auth import proconnect, trial
from registry.cli.french import Command
from registry.cli.loading import loading
from registry.cli.output import complain, progress
from registry.cli.program import program
from registry.domain import examples
from registry.domain.actor import ADMINISTRATOR
from registry.settings import Settings


def _socket(**given: Any) -> asyncio.Protocol:
    """The first socket loads what reads its frames."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    return WebSocketsSansIOProtocol(**given)


SOCKETS: dict[str, Any] = {
    "ws": _socket,
    "ws_max_size": 1_000_000,
    "ws_per_message_deflate": False,
}
"""What the server reads of a frame before the door says that it is too long."""


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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        "registry.app:trying" if dev_sign_in else "registry.app:serving",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=logs.configuration(settings.log_level),
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        **SOCKETS,
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
        _serve(config)


def _serve(config: uvicorn.Config) -> None:
    """Until a signal, which must not cut short what follows: the database closes too."""
    if config.workers > 1:
        service = Multiprocess(config, sockets=[config.bind_socket()])
        complain(f"Raccord répond sur http://{config.host}:{config.port}")
        service.run()
        return
    server = uvicorn.Server(config)

    def leave(*_: object) -> None:
        server.should_exit = True

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, leave)
    complain(f"Raccord répond sur http://{config.host}:{config.port}")
    server.run()
    if not server.started:
        raise typer.Exit(1)


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
