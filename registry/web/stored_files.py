"""Files on disk, each of one version of the registry: made once, by whichever process comes first,
however many ask; the newer one takes the older one's place.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from gzip import GzipFile
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

WAIT = 0.05
"""Seconds between two looks at who holds the lock."""
LEVEL = 6
GZIP, PART = ".gz", ".part"


@dataclass(frozen=True, slots=True)
class Version:
    """``tag`` tells it apart from every other file and version; ``modified``: since when it is."""

    tag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Open: it can be read to its end, whatever takes its place meanwhile."""

    descriptor: int
    version: Version


Make = Callable[[BinaryIO], Awaitable[Version | None]]
"""Writes the file, and tells of which version it turned out to be; None: of no one version."""


async def stored(folder: Path, name: str, version: Version, make: Make) -> StoredFile:
    """Of that version, or of one that came since."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        found = _opened(folder, version)
        if found is not None:
            return found
        async with _alone(folder, name):
            if not (folder / version.tag).exists():
                version = await _made(folder, name, make) or version


async def compressed(folder: Path, name: str, plain: StoredFile) -> StoredFile:
    """The same file by gzip, likewise made once. ``plain`` is closed."""
    version = gzipped(plain.version)
    try:
        while True:
            found = _opened(folder, version)
            if found is not None:
                return found
            async with _alone(folder, name):
                target = folder / version.tag
                if not target.exists():
                    await asyncio.to_thread(_compress_into, plain.descriptor, target)
    finally:
        os.close(plain.descriptor)


async def passing(write: Callable[[BinaryIO], Awaitable[datetime]], *, gzip: bool) -> StoredFile:
    """A file that has no name: the disk has it back once it is sent. ``write`` tells since when it
    is what it is.
    """
    with tempfile.TemporaryFile() as file:
        modified = await write(file)
        file.flush()
        version = Version(await asyncio.to_thread(_digest, file.fileno()), modified)
        if not gzip:
            return StoredFile(os.dup(file.fileno()), version)
        with tempfile.TemporaryFile() as smaller:
            await asyncio.to_thread(_compress, file.fileno(), smaller)
            return StoredFile(os.dup(smaller.fileno()), gzipped(version))


def gzipped(version: Version) -> Version:
    return replace(version, tag=f"{version.tag}{GZIP}")


def _opened(folder: Path, version: Version) -> StoredFile | None:
    try:
        return StoredFile(os.open(folder / version.tag, os.O_RDONLY), version)
    except FileNotFoundError:
        return None


async def _made(folder: Path, name: str, make: Make) -> Version | None:
    """Those that it replaces go, and those that a process left half made as it died."""
    descriptor, path = tempfile.mkstemp(PART, f"{name}.", folder)
    part = Path(path)
    with os.fdopen(descriptor, "wb") as file:
        try:
            version = await make(file)
            file.flush()
            if version is None:
                return None
            part.replace(folder / version.tag)
        finally:
            part.unlink(missing_ok=True)
    for other in folder.glob(f"{name}.*"):
        if other.name != version.tag:
            other.unlink(missing_ok=True)
    return version


def _compress_into(source: int, target: Path) -> None:
    part = target.with_name(f"{target.name}{PART}")
    with part.open("wb") as file:
        _compress(source, file)
    part.replace(target)


def _compress(source: int, target: BinaryIO) -> None:
    # Without a name and a time in it, the same bytes give the same bytes.
    with (
        _reading(source) as plain,
        GzipFile("", "wb", LEVEL, target, mtime=0) as smaller,
    ):
        shutil.copyfileobj(plain, smaller)
    target.flush()


def _digest(descriptor: int) -> str:
    with _reading(descriptor) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _reading(descriptor: int) -> BufferedReader:
    """From its beginning; the descriptor stays open after it."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.fdopen(os.dup(descriptor), "rb")


@asynccontextmanager
async def _alone(folder: Path, name: str) -> AsyncIterator[None]:
    """Among all that make it, in this process and others; a holder that dies lets it go."""
    descriptor = os.open(folder / f".{name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(WAIT)
        yield
    finally:
        os.close(descriptor)
