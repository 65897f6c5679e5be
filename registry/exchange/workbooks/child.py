"""A workbook's first sheet as CSV, read in a process of its own under limits of memory and work.

``python -m registry.exchange.workbooks.child FILE`` writes the lines on stdout, one for each row
of the sheet, or on stderr the reason why it can't. It imports little, as it starts for each file.
"""

import csv
import ctypes
import io
import resource
import signal
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from python_calamine import CalamineError, load_workbook

from registry.exchange.workbooks import AS_CSV, REFUSED
from registry.exchange.workbooks.error_cells import Errors, NotXml, TooManyErrors, find_errors

ENTRIES = 10_000
UNPACKED = 200_000_000
RATIO = 100
CHUNK = 65_536
MEMORY = 1 << 30
CPU_SECONDS = 30
PR_SET_PDEATHSIG = 1

OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
EXCEL, MANIFEST = "xl/workbook.xml", "META-INF/manifest.xml"
AS_WORKBOOK = "enregistrez la feuille au format .xlsx, .ods ou « CSV UTF-8 »"
XML = (".xml", ".rels")
DOCTYPE = b"<!DOCTYPE"
UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
"""Beginnings of XML in which other bytes would spell DOCTYPE."""
ERROR_MARKS = (b't="e"', b"t='e'", b'value-type="error"', b"value-type='error'")
LONGEST_MARK = max(len(mark) for mark in (DOCTYPE, *ERROR_MARKS))
PARTS = {
    "xl/workbook.bin": "classeur Excel binaire (.xlsb)",
    "word/document.xml": "document Word",
    "ppt/presentation.xml": "présentation PowerPoint",
    "Index/Document.iwa": "classeur Numbers",
    "Index.zip": "classeur Numbers",
}

DAMAGED = (BadZipFile, zlib.error, EOFError, NotImplementedError, CalamineError, NotXml)

Row = list[object]


class Refused(Exception):
    """The reason, in French, with the way out."""


def main() -> int:
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        write_sheet(Path(sys.argv[1]), sys.stdout.buffer)
        sys.stdout.flush()
    except Refused as reason:
        sys.stderr.buffer.write(str(reason).encode())
        return REFUSED
    return 0


def end_with_parent() -> None:
    """A service that is killed can't kill it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def write_sheet(path: Path, out: BinaryIO) -> None:
    try:
        with ZipFile(path) as archive:
            may_hold_errors = check(archive, path.stat().st_size)
            errors = find_errors(archive) if may_hold_errors else {}
        with load_workbook(path) as workbook:
            sheet = workbook.get_sheet_by_index(0)
            left = sheet.start[1] if sheet.start else 0
            _write(_with_errors(sheet.iter_rows(), left, errors), out)
    except TooManyErrors as cause:
        raise Refused(
            "ce classeur a trop de cellules en erreur (#N/A, #REF!…) : corrigez leur formule"
        ) from cause
    except DAMAGED as cause:
        raise Refused(
            f"ce classeur est abîmé, trop étendu ou d’une sorte inconnue : {AS_CSV}"
        ) from cause


def check(archive: ZipFile, packed: int) -> bool:
    """Whether a cell may hold an error. Sizes are counted: those that are declared may lie."""
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise Refused(f"ce classeur contient plus de {ENTRIES} fichiers : {AS_CSV}")
    _check_kind(archive)
    room = min(UNPACKED, RATIO * packed)
    may_hold_errors = False
    for entry in entries:
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Refused(f"ce classeur est compressé d’une façon inconnue : {AS_CSV}")
        with archive.open(entry) as content:
            size, marked = _unpack(content, room, is_xml=entry.filename.endswith(XML))
        room -= size
        may_hold_errors = may_hold_errors or marked
    return may_hold_errors


def _check_kind(archive: ZipFile) -> None:
    names = archive.namelist()
    if any(entry.flag_bits & 1 for entry in archive.infolist()) or (
        MANIFEST in names and b":encryption-data" in _beginning(archive, MANIFEST)
    ):
        raise Refused("ce classeur est protégé par un mot de passe : enregistrez-le sans")
    if EXCEL in names:
        return
    if "mimetype" in names and _beginning(archive, "mimetype").strip() == OPEN_DOCUMENT:
        return
    kind = next((PARTS[name] for name in names if name in PARTS), "")
    raise Refused(f"{kind or 'archive ou document qui n’est pas un classeur'} : {AS_WORKBOOK}")


def _beginning(archive: ZipFile, name: str) -> bytes:
    with archive.open(name) as content:
        return content.read(CHUNK)


def _unpack(content: IO[bytes], room: int, *, is_xml: bool) -> tuple[int, bool]:
    """The size of an entry, of which nothing stays, and whether some cell may hold an error."""
    size, marked, before = 0, False, b""
    while chunk := content.read(CHUNK):
        if is_xml and size == 0 and chunk.startswith(UTF_16):
            raise Refused(f"ce classeur contient du XML en UTF-16 : {AS_CSV}")
        size += len(chunk)
        if size > room:
            raise Refused(
                f"ce classeur est trop grand une fois décompressé (au plus"
                f" {UNPACKED // 1_000_000} Mo, et {RATIO} fois sa taille) : {AS_CSV}"
            )
        seen = before + chunk
        if is_xml and DOCTYPE in seen:
            raise Refused(f"ce classeur définit des entités XML (DOCTYPE) : {AS_CSV}")
        marked = marked or any(mark in seen for mark in ERROR_MARKS)
        before = chunk[-LONGEST_MARK:]
    return size, marked


def _with_errors(rows: Iterator[Sequence[object]], left: int, errors: Errors) -> Iterator[Row]:
    """The rows from the sheet's first, whose cells in error the library leaves empty."""
    last = max(errors, default=-1)
    place = 0
    while True:
        row = next(rows, None)
        if row is None and place > last:
            return
        cells = [*[""] * left, *(row or [])]
        for column, error in errors.get(place, {}).items():
            cells += [""] * (column + 1 - len(cells))
            cells[column] = error
        yield cells
        place += 1


def _write(rows: Iterator[Row], out: BinaryIO) -> None:
    """As spreadsheets write CSV in French. A row is a line, as wide as the header or wider."""
    text = io.TextIOWrapper(out, "utf-8", "surrogatepass", newline="")
    text.write("\ufeff")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    width, blank = 0, 0
    for row in rows:
        cells = [_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            blank += 1
            continue
        for _ in range(blank):
            text.write("\r\n")
        blank, width = 0, width or len(cells)
        writer.writerow([*cells, *[""] * (width - len(cells))])
    text.flush()
    text.detach()


def _text(value: object) -> str:
    """The cell as it would be typed: 1004 for 1004.0, days as ISO 8601, no line within it."""
    if isinstance(value, str):
        return value.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
