"""Files as they come: whole under their SHA-256, or not at all."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from registry.domain.errors import InvalidInput


class TooLarge(InvalidInput):
    code = "LIMIT_EXCEEDED"


@dataclass(frozen=True, slots=True)
class Received:
    """``path`` passes with the block that received it, unless ``keep`` gives it a place."""

    path: Path
    digest: bytes
    size: int


@asynccontextmanager
async def received(
    folder: Path, chunks: AsyncIterator[bytes], largest: int
) -> AsyncIterator[Received]:
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix="incoming-", delete=False) as incoming:
        path = Path(incoming.name)
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > largest:
                    raise TooLarge("file", f"Le fichier dépasse {largest} octets.")
                digest.update(chunk)
                incoming.write(chunk)
            if not size:
                raise InvalidInput("file", "Le fichier est vide.")
            incoming.flush()
            await asyncio.to_thread(os.fsync, incoming.fileno())
            yield Received(path, digest.digest(), size)
        finally:
            path.unlink(missing_ok=True)


def keep(file: Received, place: Path) -> None:
    """Its name too is on the disk once this returns."""
    place.parent.mkdir(parents=True, exist_ok=True)
    file.path.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
