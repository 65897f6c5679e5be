"""What a file is, judged by its bytes alone."""

import contextlib
import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined]  # What typeshed leaves out.
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.errors import InvalidInput
from registry.domain.evidence import File
from registry.exchange.evidence import (
    END_OF_SCAN,
    JPEG,
    LARGEST,
    MOST_BLOCKS,
    PDF,
    PNG,
    SOMETHING,
    WINDOW,
    Abandoned,
    judged,
    keep,
    media_type,
    path,
)
from registry.exchange.files import TooLarge
from tests.effort import examples
from tests.pictures import PNG_START, block, jpeg, pdf, png, segment


def archive() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as file:
        file.writestr("programme.txt", "x" * 50)
    return kept.getvalue()


def archive_that_comments(comment: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as file:
        file.writestr("programme.txt", "x")
        file.comment = comment
    return kept.getvalue()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (pdf(), PDF),
        (pdf() + b"\n\0 ", PDF),
        (pdf().replace(b"%PDF-1.4", b"%PDF-2.0"), PDF),
        (pdf() + b"2 0 obj\n" + pdf()[9:], PDF),
        (png(), PNG),
        (png(block(b"tEXt", b"Author\0X")), PNG),
        (jpeg(), JPEG),
        (jpeg(segment(0xFE, b"commentaire"), segment(0xE1, b"Exif\0\0" + jpeg())), JPEG),
        (jpeg() + b"\0\0" + jpeg(), JPEG),
    ],
)
def test_whole_documents_are_taken(data: bytes, found: str) -> None:
    assert media_type(data) == found


REFUSED = {
    "nothing": b"",
    "text": b"bonjour",
    "page": b"<html><script>alert(1)</script>",
    "vector": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "gif": b"GIF89a" + bytes(20),
    "archive": archive(),
    "program": b"MZ" + bytes(100),
    "pdf after something": b"x" + pdf(),
    "pdf in name": b"%PDF-1.4\n",
    "pdf without end": pdf()[:-7],
    "pdf with a tail": pdf() + b"<script>",
    "pdf without table": pdf().replace(b"xref\n0 2", b"none\n0 2"),
    "pdf with a far table": pdf()[:-12] + b"9999999999\n%%EOF",
    "pdf and archive": pdf() + archive(),
    "pdf in an archive's comment": b"%PDF-1.4\n" + archive_that_comments(pdf()),
    "png in name": PNG_START,
    "png cut": png()[:-5],
    "png with a tail": png() + b"x",
    "png and archive": png() + archive(),
    "png in an archive": png(block(b"raWx", archive())) + archive()[-22:],
    "png with a wrong sum": png()[:-1] + b"x",
    "png without picture": PNG_START + png()[8:33] + block(b"IEND"),
    "png without header": PNG_START + png()[33:],
    "png of no width": png(width=0),
    "png of a huge block": PNG_START + b"\x7f\xff\xff\xffIHDR" + bytes(40),
    "jpeg in name": b"\xff\xd8\xff",
    "jpeg cut": jpeg()[:-2],
    "jpeg with a tail": jpeg() + b"MZ",
    "jpeg and archive": jpeg() + archive(),
    "jpeg without scan": b"\xff\xd8\xff\xe0\x00\x02\xff\xd9",
    "jpeg in an archive": jpeg(segment(0xFE, archive())),
    "two jpegs, one cut": jpeg() + jpeg()[:-2],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_whole_or_not_alone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        media_type(REFUSED[name])
    assert refusal.value.field == "file"


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from([pdf(), png(), jpeg()]), st.data())
def test_any_bytes_are_judged_without_a_fault(start: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(start)))
    changed = start[:cut] + data.draw(st.binary(max_size=60)) + start[cut:]
    found = None
    with contextlib.suppress(InvalidInput):
        found = media_type(changed)
    assert found in {None, PDF, PNG, JPEG}


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "png blocks": lambda n: PNG_START + png()[8:33] + block(b"tEXt") * (n // 12),
    "jpeg segments": lambda n: b"\xff\xd8\xff" + b"\xfe\x00\x02\xff" * (n // 4),
    "jpegs": lambda n: jpeg() * (n // len(jpeg())),
    "jpeg padding": lambda n: b"\xff\xd8" + b"\xff" * n,
    "jpeg scan of 0xFF": lambda n: jpeg()[:-2] + b"\xff" * n + b"\x00",
    "jpeg scan of escapes": lambda n: jpeg()[:-2] + b"\xff\x00" * (n // 2),
    "jpeg scan of restarts": lambda n: jpeg()[:-2] + b"\xff\xd0" * (n // 2),
    "jpeg tail": lambda n: jpeg() + b"\0" * n + b"x",
    "pdf blanks": lambda n: b"%PDF-1.4" + b" " * n + b"startxref 8 %%EOF",
    "pdf digits": lambda n: b"%PDF-1.4" + b"1" * n + b" startxref 8 %%EOF",
    "pdf ends": lambda n: b"%PDF-1.4" + b"startxref 1 " * (n // 12) + b"%%EOF",
    "archive ends": lambda n: pdf() + b"PK\5\6" * (n // 4),
}


def work(data: bytes) -> int:
    """Pieces of work, each of which looks at a bounded number of bytes."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    with contextlib.suppress(InvalidInput):
        media_type(data, step)
    return steps


@pytest.mark.parametrize("kind", HOSTILE)
def test_ten_times_the_file_is_ten_times_the_work(kind: str) -> None:
    small, large = HOSTILE[kind](LARGEST // 10), HOSTILE[kind](LARGEST)
    assert work(large) <= 10 * work(small) + 10
    assert work(large) <= 2 * MOST_BLOCKS + LARGEST // WINDOW


@pytest.mark.parametrize("pattern", [END_OF_SCAN, SOMETHING])
def test_what_is_searched_everywhere_has_a_fixed_length(pattern: re.Pattern[bytes]) -> None:
    """A run that each of its bytes begins anew took 20 s in 25 kB of 0xFF."""
    least, most = parser.parse(pattern.pattern.decode("latin-1")).getwidth()
    assert least == most <= 2


@pytest.mark.parametrize(
    "kind", sorted(kind for kind in HOSTILE if kind.startswith(("jpeg", "png")))
)
def test_a_judgement_stops_where_it_is_told_to(kind: str) -> None:
    def stop() -> None:
        raise Abandoned

    with pytest.raises(Abandoned):
        media_type(HOSTILE[kind](LARGEST), stop)


async def test_nothing_is_judged_for_who_left(tmp_path: Path) -> None:
    """The sender goes while the file is judged: the work ends, and nothing stays of it."""

    async def left() -> None:
        return

    big = HOSTILE["jpeg scan of escapes"](LARGEST) + jpeg()[-2:]
    with pytest.raises(InvalidInput, match="parti"):
        await store(tmp_path, chunks(big[:LARGEST]), None, left)
    assert [*tmp_path.iterdir()] == []


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def store(
    folder: Path, parts: AsyncIterator[bytes], announced: str | None, left: Any = None
) -> File:
    left = {} if left is None else {"left": left}
    async with judged(folder, parts, announced, **left) as (received, file):
        await keep(folder, received)
    return file


async def test_a_file_is_kept_under_its_sha_256(tmp_path: Path) -> None:
    kept = await store(tmp_path, chunks(png()[:20], png()[20:]), None)
    assert (kept.media_type, kept.size) == (PNG, len(png()))
    assert path(tmp_path, kept.digest).read_bytes() == png()
    again = await store(tmp_path, chunks(png()), PNG)
    assert again == kept
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path(tmp_path, kept.digest)]


async def test_a_file_that_is_not_given_a_place_leaves_nothing(tmp_path: Path) -> None:
    async with judged(tmp_path, chunks(png()), None):
        pass
    assert [*tmp_path.iterdir()] == []


async def test_nothing_stays_of_what_is_refused(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield png()
        raise ConnectionResetError

    with pytest.raises(InvalidInput):
        await store(tmp_path, chunks(b"bonjour"), None)
    with pytest.raises(InvalidInput):
        await store(tmp_path, chunks(png()), PDF)
    with pytest.raises(InvalidInput):
        await store(tmp_path, chunks(), None)
    with pytest.raises(TooLarge):
        await store(tmp_path, chunks(png(), bytes(LARGEST)), None)
    with pytest.raises(ConnectionResetError):
        await store(tmp_path, broken(), None)
    assert [*tmp_path.iterdir()] == []
