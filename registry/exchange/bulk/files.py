"""The files that were sent, kept under their SHA-256 until nobody needs them."""

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from registry.domain.errors import InvalidInput


class TooLarge(InvalidInput):
    code = "LIMIT_EXCEEDED"


async def store(folder: Path, chunks: AsyncIterator[bytes], largest: int) -> tuple[bytes, int]:
    """The digest and the size. The file appears whole, or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix="incoming-", delete=False) as incoming:
        name = Path(incoming.name)
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > largest:
                    raise TooLarge("file", f"Le fichier dépasse {largest} octets.")
                digest.update(chunk)
                incoming.write(chunk)
            incoming.flush()
            os.fsync(incoming.fileno())
            if not size:
                raise InvalidInput("file", "Le fichier est vide.")
            name.replace(path(folder, digest.digest()))
        finally:
            name.unlink(missing_ok=True)
    return digest.digest(), size


def path(folder: Path, digest: bytes) -> Path:
    return folder / f"{digest.hex()}.csv"
