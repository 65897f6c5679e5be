"""How the service starts, or says why not; and how it ends, however often it is asked to."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from registry.cli.listening import CannotListen, bound, listen
from registry.database import Database
from registry.embedded import Addresses
from tests.api.conftest import issued
from tests.api.sides import EBENE
from tests.servers import free_port

WORKERS = pytest.mark.parametrize("workers", ["1", "2"])
BEGUN = (
    "PUT /bulk/deployments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n"
    "Content-Length: 9\r\n\r\ncoll"
)
Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(addresses: Addresses) -> Iterator[Serve]:
    with ExitStack() as started:

        def command(*arguments: str, **settings: str) -> subprocess.Popen[str]:
            environment = {k: v for k, v in os.environ.items() if not k.startswith("RACCORD_")}
            environment |= {
                "RACCORD_DATABASE_URL": addresses.service,
                "RACCORD_OWNER_DATABASE_URL": addresses.owner,
            }
            service = started.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "registry", "serve", *arguments],
                    env=environment | settings,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            started.callback(service.kill)
            return service

        yield command


@WORKERS
def test_a_busy_port_is_told_and_nothing_is_announced(serve: Serve, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        service = serve("--port", port, "--workers", workers)
        _, said = service.communicate(timeout=60)
    assert service.returncode == 1
    assert said == (
        f"Le port {port} est déjà pris sur 127.0.0.1 : arrêtez ce qui l’occupe, ou choisissez-en un"
        " autre par --port.\n"
    )


def test_a_port_that_was_taken_meanwhile_is_told() -> None:
    (ours,) = bound("127.0.0.1", 0)
    port = ours.getsockname()[1]
    with ours, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(CannotListen, match=f"Le port {port} est déjà pris"):
            listen([ours], 10, "127.0.0.1")


@WORKERS
def test_a_service_that_can_t_start_says_so_and_fails(serve: Serve, workers: str) -> None:
    """Each process would listen for measures at an address that is not of this machine."""
    away = {"RACCORD_METRICS_PORT": str(free_port()), "RACCORD_METRICS_HOST": "192.0.2.1"}
    service = serve("--port", str(free_port()), "--workers", workers, **away)
    _, said = service.communicate(timeout=60)
    assert service.returncode == 1
    assert said.splitlines()[-1].startswith("Le service n’a pas pu démarrer")
    assert "Raccord répond" not in said


@pytest.mark.parametrize(("workers", "ending"), [("1", signal.SIGTERM), ("2", signal.SIGINT)])
async def test_who_asks_twice_waits_for_nothing(
    serve: Serve, world: None, database: Database, workers: str, ending: signal.Signals
) -> None:
    """A file comes, that would be waited for longer than this test lasts."""
    address = ("127.0.0.1", free_port())
    service = serve("--port", str(address[1]), "--workers", workers, RACCORD_STOP_SECONDS="600")
    assert service.stderr is not None
    for line in service.stderr:
        if "Raccord répond" in line:
            break
    with socket.create_connection(address) as sender:
        sender.sendall(BEGUN.format(await issued(database, EBENE)).encode())
        service.send_signal(ending)
        _wait_until_refused(address)
        assert service.poll() is None
        service.send_signal(ending)
        service.communicate(timeout=60)
        assert sender.recv(1) == b""


def _wait_until_refused(address: tuple[str, int]) -> None:
    with suppress(ConnectionError):
        while True:
            socket.create_connection(address).close()
            time.sleep(0.05)
