"""A service of its own, on a demo registry that it has just loaded."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from registry.auth.trial import read_code
from registry.settings import Settings
from tests.servers import free_port

PATIENCE = 300.0
"""Seconds; the demo registry is loaded in one or so."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address that opens the trial sign-in of the service, whose data is in the folder."""
    port = free_port()
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("RACCORD_")}
    command = [sys.executable, "-m", "registry", "serve", "--demo", "--dev-sign-in"]
    log = folder / "service.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env=inherited | {"RACCORD_DATA_DIR": str(folder / "data")},
            stdout=said,
            stderr=said,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, address, log)
        yield f"{address}/connexion/essai?code={read_code(Settings(data_dir=folder / 'data'))}"
    finally:
        process.terminate()
        process.wait(60)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx2.get(f"{address}/readyz").is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"The service is not ready:\n{log.read_text()[-5_000:]}")
