"""The files that were sent, kept under their SHA-256 until nobody needs them."""

from collections.abc import AsyncIterator
from pathlib import Path

from registry.exchange.files import keep, received


async def store(folder: Path, chunks: AsyncIterator[bytes], largest: int) -> tuple[bytes, int]:
    """The digest and the size."""
    async with received(folder, chunks, largest) as file:
        keep(file, path(folder, file.digest))
    return file.digest, file.size


def path(folder: Path, digest: bytes) -> Path:
    return folder / f"{digest.hex()}.csv"
