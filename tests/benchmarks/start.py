"""From the command to the first answer: against PostGraphile, and against an empty Starlette."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from tests.benchmarks.node import postgraphile
from tests.benchmarks.stage import Stage
from tests.benchmarks.timing import Row, compare
from tests.servers import free_port

EMPTY = """
import signal, subprocess, sys
from pathlib import Path
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from registry.embedded import running

async def answer(request):
    return PlainTextResponse("ok")

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with running(Path(sys.argv[1])):
    uvicorn.run(Starlette(routes=[Route("/livez", answer)]), port=int(sys.argv[2]),
                log_level="warning")
"""


UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
"""Would have a program that was just edited compiled at each start, which no installed one is."""


async def answering(stage: Stage) -> Row:
    """Both find the same database running."""
    query = {"query": "{ campaign { name } }"}
    theirs = {"query": "{ allCampaigns { nodes { name } } }"}
    inherited = {name: value for name, value in os.environ.items() if name != UNCOMPILED}
    environment = inherited | {
        "RACCORD_DATABASE_URL": stage.addresses.service,
        "RACCORD_OWNER_DATABASE_URL": stage.addresses.owner,
    }

    async def ours() -> float:
        port = free_port()
        command = [sys.executable, "-m", "registry", "serve", "--port", str(port)]
        return await _until_answer(command, environment, f"http://127.0.0.1:{port}/graphql", query)

    async def peer() -> float:
        start = time.perf_counter()
        async with (
            postgraphile(stage.addresses.service) as address,
            httpx2.AsyncClient(timeout=60) as client,
        ):
            (await client.post(address, json=theirs)).raise_for_status()
            return time.perf_counter() - start

    name = "démarrage jusqu’à la première réponse, base en marche"
    return await compare(name, ours, peer, must=1, aim=0.6, faster=False)


async def started(data_dir: Path) -> Row:
    """``data_dir`` holds an embedded database that is ready and not running: nobody would pick an
    empty Starlette instead, so the row has no bar.
    """
    inherited = {name: value for name, value in os.environ.items() if name != UNCOMPILED}

    async def ours() -> float:
        port = free_port()
        query = {"query": "{ campaign { name } }"}
        command = [sys.executable, "-m", "registry", "serve", "--port", str(port)]
        environment = inherited | {"RACCORD_DATA_DIR": str(data_dir)}
        return await _until_answer(command, environment, f"http://127.0.0.1:{port}/graphql", query)

    async def peer() -> float:
        port = free_port()
        command = [sys.executable, "-c", EMPTY, str(data_dir), str(port)]
        return await _until_answer(command, inherited, f"http://127.0.0.1:{port}/livez", None)

    return await compare(
        "démarrage jusqu’à la première réponse, base embarquée",
        ours,
        peer,
        must=None,
        aim=None,
        faster=False,
    )


async def _until_answer(
    command: list[str], environment: dict[str, str], url: str, query: dict[str, str] | None
) -> float:
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        async with httpx2.AsyncClient() as client:
            while True:
                try:
                    call = client.get(url) if query is None else client.post(url, json=query)
                    (await call).raise_for_status()
                except httpx2.TransportError:
                    await asyncio.sleep(0.005)
                else:
                    return time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(30)
