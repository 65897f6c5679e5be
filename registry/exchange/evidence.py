"""The bytes of evidence: what they are, judged by themselves, and where they are kept."""

import asyncio
import re
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

from registry.domain.errors import InvalidInput
from registry.domain.evidence import File
from registry.exchange import files
from registry.exchange.files import Received, received

LARGEST = 10_000_000
MOST_BLOCKS, MOST_PICTURES = 20_000, 20
"""More than any file has; one of empty blocks would keep the judge busy."""
WINDOW = 65_536
"""Bytes that are looked at between two chances to stop."""
TAIL = 1024
"""Where a PDF's last words are, and all that is read of its table of objects."""
BLANK = b"\0\t\n\f\r "
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
SUFFIXES = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg"}
SAVE_AGAIN = "l’enregistrer de nouveau, ou en envoyer une copie"

PDF_START = re.compile(rb"%PDF-[12]\.[0-9]")
PDF_END = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF")
PDF_TABLE = re.compile(rb"\s*(xref\b|[0-9]+\s+[0-9]+\s+obj\b)")
PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8\xff"
MARKER = re.compile(rb"\xff{1,256}+([^\x00\xff\xd0-\xd7])")
END_OF_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
SOMETHING = re.compile(rb"[^\0\s]")
"""What is searched in untrusted bytes has a fixed length: ``\xff+…`` took the square of a run."""
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
ALONE = {0x01, *range(0xD0, 0xD8)}
SCAN, END = 0xDA, 0xD9
ARCHIVE_END, ARCHIVE_ENTRY, ARCHIVE_TAIL = b"PK\5\6", b"PK\1\2", 66_000


Step = Callable[[], None]
"""Called before each bounded piece of work; what it raises ends the work."""


class Abandoned(Exception):
    """Nobody waits for the judgement any more."""


async def _never() -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def judged(
    folder: Path,
    chunks: AsyncIterator[bytes],
    announced: str | None,
    left: Callable[[], Awaitable[None]] = _never,
) -> AsyncIterator[tuple[Received, File]]:
    """The file until the block ends, to be put in its place meanwhile: see ``keep``.

    ``announced`` is the type that the sender says, where it says one; it must be right. ``left``
    returns once the sender is no longer there, after the last chunk: that ends the work.
    """
    async with received(folder, chunks, LARGEST) as file:
        found = await _judged(file.path, left)
        if announced not in (None, found):
            raise InvalidInput("file", f"Annoncé {announced}, ce fichier est un {found}.")
        yield file, File(file.digest, found, file.size)


async def keep(folder: Path, file: Received) -> None:
    await files.keep(file, path(folder, file.digest))


def path(folder: Path, digest: bytes) -> Path:
    name = digest.hex()
    return folder / name[:2] / name


async def _judged(file: Path, left: Callable[[], Awaitable[None]]) -> str:
    """Off the event loop, and no longer than someone waits for it."""
    abandoned = Event()

    def step() -> None:
        if abandoned.is_set():
            raise Abandoned

    judging = asyncio.create_task(asyncio.to_thread(lambda: media_type(file.read_bytes(), step)))
    leaving = asyncio.ensure_future(left())
    try:
        await asyncio.wait([judging, leaving], return_when=asyncio.FIRST_COMPLETED)
        if judging.done():
            return judging.result()
        raise InvalidInput("file", "Le fichier n’est plus attendu : qui l’a envoyé est parti.")
    finally:
        abandoned.set()
        judging.cancel()
        leaving.cancel()


def _go_on() -> None:
    """Nobody stops it."""


def media_type(data: bytes, step: Step = _go_on) -> str:
    """Raises ``InvalidInput`` for what is no whole document of one of the three kinds."""
    if PDF_START.match(data):
        _check_pdf(data)
        found = PDF
    elif data.startswith(PNG_START):
        _check_png(data, step)
        found = PNG
    elif data.startswith(JPEG_START):
        _check_jpeg(data, step)
        found = JPEG
    else:
        raise InvalidInput("file", "Un PDF, une image PNG ou une image JPEG est attendu.")
    if _hides_archive(data, step):
        raise InvalidInput("file", f"Ce fichier est aussi une archive : {SAVE_AGAIN}.")
    return found


def _broken(kind: str, why: str) -> InvalidInput:
    return InvalidInput("file", f"Ce {kind} n’est pas entier ou pas seul ({why}) : {SAVE_AGAIN}.")


def _check_pdf(data: bytes) -> None:
    whole = data.rstrip(BLANK)
    start = max(0, len(whole) - TAIL)
    ends = [found for found in PDF_END.finditer(whole, start) if found.end() == len(whole)]
    if not ends:
        raise _broken("PDF", "sa fin manque, ou autre chose la suit")
    table = int(ends[0][1])
    if not PDF_TABLE.match(whole, table, table + TAIL):
        raise _broken("PDF", "sa table des objets manque")


def _check_png(data: bytes, step: Step) -> None:
    position = len(PNG_START)
    seen: set[bytes] = set()
    for _ in range(MOST_BLOCKS):
        step()
        if len(data) - position < 12:
            raise _broken("PNG", "il est tronqué")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data) or not kind.isalpha():
            raise _broken("PNG", "un bloc est illisible")
        body = memoryview(data)[position + 4 : end]
        if zlib.crc32(body) != struct.unpack_from(">I", data, end)[0]:
            raise _broken("PNG", "la somme d’un bloc est fausse")
        if not seen:
            _check_png_header(kind, bytes(body[4:]))
        seen.add(kind)
        position = end + 4
        if kind == b"IEND":
            break
    if not {b"IDAT", b"IEND"} <= seen or position != len(data):
        raise _broken("PNG", "sa fin manque, ou autre chose la suit")


def _check_png_header(kind: bytes, header: bytes) -> None:
    if kind != b"IHDR" or len(header) != 13 or 0 in struct.unpack_from(">II", header):
        raise _broken("PNG", "son en-tête est faux")


def _check_jpeg(data: bytes, step: Step) -> None:
    """Telephones put other views of the same picture after the first one."""
    position = 0
    for _ in range(MOST_PICTURES):
        if not data.startswith(JPEG_START, position):
            raise _broken("JPEG", "autre chose suit l’image")
        following = _search(SOMETHING, data, _end_of_picture(data, position + 2, step), step)
        if following is None:
            return
        position = following
    raise _broken("JPEG", "il contient trop d’images")


def _end_of_picture(data: bytes, position: int, step: Step) -> int:
    framed = scanned = False
    for _ in range(MOST_BLOCKS):
        step()
        found = MARKER.match(data, position)
        if found is None:
            break
        marker, position = found[1][0], found.end()
        if marker == END:
            if framed and scanned:
                return position
            break
        if marker in ALONE:
            continue
        if len(data) - position < 2:
            break
        position += struct.unpack_from(">H", data, position)[0]
        framed = framed or marker in FRAMES
        if marker == SCAN:
            scanned = True
            following = _search(END_OF_SCAN, data, position, step)
            if following is None:
                break
            position = following
    raise _broken("JPEG", "il est tronqué ou illisible")


def _search(pattern: re.Pattern[bytes], data: bytes, position: int, step: Step) -> int | None:
    """Where the pattern, of two bytes at most, is next."""
    while position < len(data):
        step()
        found = pattern.search(data, position, position + WINDOW + 1)
        if found is not None:
            return found.start()
        position += WINDOW
    return None


def _hides_archive(data: bytes, step: Step) -> bool:
    """An archive is read from its end, so that it can hide after anything, or in a comment."""
    position = data.find(ARCHIVE_END, max(0, len(data) - ARCHIVE_TAIL))
    while position >= 0 and len(data) - position >= 22:
        step()
        (size,) = struct.unpack_from("<I", data, position + 12)
        if data.startswith(ARCHIVE_ENTRY, max(0, position - size)):
            return True
        position = data.find(ARCHIVE_END, position + 1)
    return False
