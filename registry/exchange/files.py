"""Files as they come: whole under their SHA-256, or not at all; and gone once nobody needs them."""

import asyncio
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from sqlalchemy.ext.asyncio import AsyncSession

from registry.database import Database
from registry.domain import storage
from registry.domain.actor import REGISTRY
from registry.domain.errors import InvalidInput
from registry.domain.storage import Allowance
from registry.settings import Settings

INCOMING = "incoming-"
DIGEST = re.compile(r"([0-9a-f]{64})(\.[a-z]+)?")
BATCH = 500
"""Files whose need is asked of the database at once."""

Needed = Callable[[AsyncSession, Sequence[bytes]], Awaitable[Collection[bytes]]]


class StorageAway(Exception):
    """The folder of files can't be written or read as it should; the message says what to do."""


class TooLarge(InvalidInput):
    code = "LIMIT_EXCEEDED"


def allowance(settings: Settings) -> Allowance:
    return Allowance(settings.storage_limit, settings.uploads_days, settings.evidence_days)


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
    digest, size = hashlib.sha256(), 0
    with _incoming(folder) as incoming:
        async for chunk in chunks:
            size += len(chunk)
            if size > largest:
                raise TooLarge("file", f"Le fichier dépasse {largest} octets.")
            digest.update(chunk)
            with _told_when_unusable():
                incoming.write(chunk)
        if not size:
            raise InvalidInput("file", "Le fichier est vide.")
        with _told_when_unusable():
            incoming.flush()
            await asyncio.to_thread(os.fsync, incoming.fileno())
        yield Received(Path(incoming.name), digest.digest(), size)


@contextmanager
def _incoming(folder: Path) -> Iterator[IO[bytes]]:
    with _told_when_unusable():
        incoming = _locked(folder)
    try:
        yield incoming
    finally:
        Path(incoming.name).unlink(missing_ok=True)
        with suppress(OSError):  # What a full disk refused is not there to be written.
            incoming.close()


def _locked(folder: Path) -> IO[bytes]:
    """Locked as long as someone writes it: what a killed process left is free, and swept."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        incoming = tempfile.NamedTemporaryFile(dir=folder, prefix=INCOMING, delete=False)  # noqa: SIM115 - closed by ``_incoming``
        fcntl.flock(incoming, fcntl.LOCK_EX)
        if os.fstat(incoming.fileno()).st_nlink:
            return incoming
        incoming.close()


@contextmanager
def _told_when_unusable() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise StorageAway(
            "Le registre ne peut pas garder de fichier pour le moment"
            f" ({fault.strerror}) : rien n’est perdu de ce qui l’était déjà ; réessayer plus tard."
        ) from fault


async def keep(file: Received, place: Path) -> None:
    """Its name too is on the disk once this returns."""
    with _told_when_unusable():
        await asyncio.to_thread(_keep, file.path, place)


def _keep(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    path.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def check_whole(place: Path, digest: bytes) -> None:
    """Raises ``StorageAway`` unless the file is there, and is what was received."""
    try:
        found = await asyncio.to_thread(_digest, place)
    except OSError as fault:
        raise StorageAway(
            "Ce fichier est enregistré, mais n’est plus lisible là où il était gardé"
            f" ({fault.strerror}) : l’exploitant doit le rétablir depuis une sauvegarde, ou celui"
            " qui l’a déposé le déposer de nouveau."
        ) from fault
    if found != digest:
        raise StorageAway(
            "Ce fichier n’est plus celui qui a été déposé : il n’est pas montré. L’exploitant doit"
            " le rétablir depuis une sauvegarde, ou celui qui l’a déposé le déposer de nouveau."
        )


def _digest(place: Path) -> bytes:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


async def sweep(database: Database, folder: Path, needed: Needed) -> None:
    """Remove what a killed process left, and each file that the database says nobody needs.

    A file is held while it is removed: who records the same one waits, then puts it back.
    """
    files = _files(folder)
    while batch := await asyncio.to_thread(lambda: [*islice(files, BATCH)]):
        digests = {path: bytes.fromhex(found[1]) for path in batch if (found := _named(path))}
        async with database.read() as session:
            wanted = await needed(session, [*digests.values()])
        for path, digest in digests.items():
            if digest in wanted:
                continue
            async with database.transaction(REGISTRY) as session:
                await storage.hold(session, digest)
                if not await needed(session, [digest]):
                    await asyncio.to_thread(path.unlink, missing_ok=True)


def _named(path: Path) -> re.Match[str] | None:
    return DIGEST.fullmatch(path.name)


def _files(folder: Path) -> Iterator[Path]:
    """Those that have a place; on the way, what nobody writes any more is removed."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.startswith(INCOMING):
                _remove_abandoned(Path(parent, name))
            else:
                yield Path(parent, name)


def _remove_abandoned(path: Path) -> None:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except (BlockingIOError, FileNotFoundError):
        return
