"""Files that were received: nobody loses one that is needed, and none stays that isn't."""

import asyncio
import errno
import fcntl
import hashlib
import tempfile
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from registry.database import Database
from registry.domain import storage
from registry.domain.actor import ADMINISTRATOR
from registry.exchange.files import StorageAway, check_whole, keep, received, sweep

BODY = b"collectivite,product"
DIGEST = hashlib.sha256(BODY).digest()


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def put(folder: Path) -> Path:
    place = folder / f"{DIGEST.hex()}.csv"
    async with received(folder, chunks(BODY), 100) as file:
        await keep(file, place)
    return place


async def nothing(_: AsyncSession, __: Sequence[bytes]) -> Collection[bytes]:
    return ()


async def everything(_: AsyncSession, digests: Sequence[bytes]) -> Collection[bytes]:
    return digests


async def test_what_a_killed_process_left_is_swept(database: Database, tmp_path: Path) -> None:
    (tmp_path / "aa").mkdir()
    left = tmp_path / "incoming-left"
    left.write_bytes(b"half")
    async with received(tmp_path, chunks(BODY), 100) as file:
        await sweep(database, tmp_path, everything)
        assert [*tmp_path.glob("incoming-*")] == [file.path]
    await sweep(database, tmp_path / "absent", everything)


async def test_a_file_swept_before_it_was_locked_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep takes it between its creation and its lock."""
    lock, swept = fcntl.flock, []

    def late(file: Any, how: int) -> None:
        if not swept:
            swept.append(file.name)
            Path(file.name).unlink()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    place = await put(tmp_path)
    assert place.read_bytes() == BODY
    assert [*tmp_path.iterdir()] == [place]


async def test_a_file_goes_once_nobody_needs_it(database: Database, tmp_path: Path) -> None:
    place, other = await put(tmp_path), tmp_path / "LISEZMOI.txt"
    other.write_text("d’autrui")
    await sweep(database, tmp_path, everything)
    assert place.is_file()
    await sweep(database, tmp_path, nothing)
    assert [*tmp_path.iterdir()] == [other]


async def test_a_file_that_is_recorded_meanwhile_stays(database: Database, tmp_path: Path) -> None:
    """The sweep waits for who records it, and asks again."""
    place = await put(tmp_path)
    asked = asyncio.Event()
    known: list[bytes] = []

    async def needed(_: AsyncSession, __: Sequence[bytes]) -> Collection[bytes]:
        asked.set()
        return [*known]

    async with database.transaction(ADMINISTRATOR) as session:
        await storage.hold(session, DIGEST)
        sweeping = asyncio.create_task(sweep(database, tmp_path, needed))
        await asked.wait()
        await asyncio.sleep(0.1)
        assert not sweeping.done()
        known.append(DIGEST)
    await sweeping
    assert place.is_file()


async def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageAway, match="ne peut pas garder"):
        await put(tmp_path)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    with pytest.raises(StorageAway, match="ne peut pas garder"):
        await put(tmp_path)
    assert [*tmp_path.iterdir()] == []


async def test_a_file_is_what_was_received(tmp_path: Path) -> None:
    place = await put(tmp_path)
    await check_whole(place, DIGEST)
    place.write_bytes(BODY + b" ")
    with pytest.raises(StorageAway, match="n’est plus celui"):
        await check_whole(place, DIGEST)
    place.unlink()
    with pytest.raises(StorageAway, match="n’est plus lisible"):
        await check_whole(place, DIGEST)
