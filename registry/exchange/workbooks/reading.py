"""A file of lines as it is sent: CSV as it is, a workbook as the CSV of its first sheet."""

import asyncio
import logging
import sys
from asyncio import StreamReader
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import cast

from registry.domain.errors import InvalidInput
from registry.exchange.files import Received, received
from registry.exchange.workbooks import AS_CSV, REFUSED

ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
"""What .xlsx and .ods start with, and every other archive of their kind."""
COMMAND = (sys.executable, "-I", "-m", "registry.exchange.workbooks.child")
CHUNK = 65_536
DEADLINE = 60.0
"""Seconds for a workbook to be read, of which the child has fewer to compute."""
TURNS = asyncio.Semaphore(2)
"""Workbooks read at once, each of which may take a processor and the memory of its limit."""
SENTENCE = 2_000
"""Characters of a refusal that are taken from the child."""
TOO_MUCH = f"ce classeur demande trop de mémoire ou de calcul pour être lu : {AS_CSV}"

Left = Callable[[], Awaitable[None]]
"""Returns once whoever sent the file is no longer there, after its last chunk."""

logger = logging.getLogger(__name__)


@asynccontextmanager
async def received_lines(
    folder: Path, chunks: AsyncIterator[bytes], largest: int, left: Left
) -> AsyncIterator[Received]:
    """The file of lines until the block ends, a workbook's made anew from its bytes.

    Raises ``InvalidInput`` for an archive that is no workbook, or one that can't be read.
    """
    async with received(folder, chunks, largest) as file:
        if not await asyncio.to_thread(_is_archive, file.path):
            yield file
            return
        async with (
            aclosing(first_sheet(file.path, left)) as lines,
            received(folder, lines, largest) as sheet,
        ):
            yield sheet


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in ARCHIVES


async def first_sheet(path: Path, left: Left) -> AsyncGenerator[bytes]:
    """CSV, each row of the sheet in a line. The child ends with this, however this ends."""
    async with TURNS:
        child = await asyncio.create_subprocess_exec(
            *COMMAND, path, stdout=PIPE, stderr=PIPE, env={}
        )
        try:
            async for chunk in _output(child, left):
                yield chunk
        finally:
            _kill(child)
            await child.wait()


async def _output(child: Process, left: Left) -> AsyncIterator[bytes]:
    lines, complaint = cast("StreamReader", child.stdout), cast("StreamReader", child.stderr)
    leaving = asyncio.ensure_future(left())
    leaving.add_done_callback(lambda _: _kill(child))
    deadline = asyncio.get_running_loop().call_later(DEADLINE, _kill, child)
    try:
        while chunk := await lines.read(CHUNK):
            yield chunk
        reason = await complaint.read()
        status = await child.wait()
    finally:
        deadline.cancel()
        leaving.cancel()
    if status == REFUSED:
        raise InvalidInput("file", _sentence(reason.decode()[:SENTENCE]))
    if status != 0:
        fields = {"status": status, "reason": reason[-SENTENCE:].decode(errors="replace")}
        logger.warning("workbook not read", extra={"fields": fields})
        raise InvalidInput("file", _sentence(TOO_MUCH))


def _kill(child: Process) -> None:
    with suppress(ProcessLookupError):
        child.kill()


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."
