"""A CSV file from outside as numbered records: whoever speaks of its lines counts as this does."""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

LINE_LIMIT = 1_000_000
FIELD_LIMIT = 100_000
CHUNK = 65_536
TOLD_EVERY = 5_000
SEPARATORS = ",;\t"
WHITE = " \r\n\xa0"

ANNOUNCED = re.compile(r'"?sep=([,;|\t])"?\1*', re.IGNORECASE)
CODE = re.compile('="[^",;\t\r\n]*"')
"""The one formula that our own files write: a code that a spreadsheet must leave as it is."""
UNDECODED = re.compile("[\udc80-\udcff]")  # Bytes that are not UTF-8, as PEP 383 writes them.
BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")

MISQUOTED = 'guillemet au milieu d’une cellule : entourez-la de guillemets et doublez celui-ci ("")'
CLOSED_EARLY = 'un guillemet ferme une cellule avant sa fin : doublez les guillemets ("")'
LONE_CR = "retour chariot (CR) seul : terminez les lignes par LF ou CRLF"
UNCLOSED = "un guillemet ouvert n’est pas fermé"
MAYBE_UNCLOSED = " (un guillemet n’est pas fermé ?)"
LONG_LINE = f"ligne de plus de {LINE_LIMIT} octets"
LONG_CELL = f"cellule de plus de {FIELD_LIMIT} caractères"

AS_CSV = "enregistrez la feuille au format « CSV UTF-8 »"
OTHER_KINDS = {
    codecs.BOM_UTF16_LE: f"fichier en UTF-16 (« Texte Unicode ») : {AS_CSV}",
    codecs.BOM_UTF16_BE: f"fichier en UTF-16 (« Texte Unicode ») : {AS_CSV}",
    b"\xd0\xcf\x11\xe0": "ancien classeur Excel (.xls), ou classeur protégé par un mot de passe : "
    + AS_CSV,
    b"%PDF": f"document PDF : ouvrez le tableau dont il vient, puis {AS_CSV}",
    b"PK\x03\x04": f"archive ou classeur : {AS_CSV}",
    b"\x1f\x8b": "fichier compressé : décompressez-le",
    b"Rar!": "fichier compressé : décompressez-le",
    b"7z\xbc\xaf": "fichier compressé : décompressez-le",
    b"{\\rtf": f"document de traitement de texte : {AS_CSV}",
    b"<": f"page web ou document XML : {AS_CSV}",
    b"\x89PNG": f"image : {AS_CSV}",
    b"\xff\xd8\xff": f"image : {AS_CSV}",
}
"""What files of other kinds start with, and the way out."""

Advance = Callable[[int, int], None]
"""Told the bytes read and the bytes in all."""


class Record(NamedTuple):
    """``fault``: why the cells can't be trusted, and ``position`` which one can't.

    ``lost``: nobody can tell where the next record starts; there is none.
    """

    line: int
    cells: list[str]
    fault: str = ""
    position: int | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Dress:
    """How a file is written, so that its lines go back as they came."""

    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    announced: bool = False
    """Its first line tells the separator to spreadsheets."""


class Sheet(NamedTuple):
    dress: Dress
    header: Record
    rows: Iterator[Record]


def read_sheet(file: BinaryIO, size: int, progress: Advance = lambda *_: None) -> Sheet:
    """The first line that says something is the header; an empty file has one without a name."""
    if kind := _other_kind(file):
        return Sheet(Dress(), Record(1, [], kind), iter(()))
    encoding = _encoding(file)
    lines = _Lines(file, size, encoding, progress)
    first = lines.take()
    while first is not None and not first.strip(f"{SEPARATORS}{WHITE}"):
        first = lines.take()
    announced = ANNOUNCED.fullmatch(first.strip(WHITE)) if first else None
    if announced:
        first = lines.take()
    if first is None:
        return Sheet(Dress(encoding), Record(1, []), iter(()))
    lines.delimiter = announced[1] if announced else _delimiter(first)
    newline = "\r\n" if first.endswith("\r\n") else "\n"
    dress = Dress(encoding, lines.delimiter, newline, announced is not None)
    return Sheet(dress, lines.record(first), lines.records())


def is_blank(cells: list[str]) -> bool:
    return not any(cell and not cell.isspace() for cell in cells)


def _other_kind(file: BinaryIO) -> str | None:
    start = file.read(CHUNK)
    file.seek(0)
    return next((kind for mark, kind in OTHER_KINDS.items() if start.startswith(mark)), None)


def _encoding(file: BinaryIO) -> str:
    """Windows-1252 where nothing beyond ASCII is UTF-8; leaves the file at its first character.

    Where some is and some is not, it is UTF-8 with bytes that are wrong.
    """
    if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
        return "utf-8-sig"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    encoding = "utf-8"
    while chunk := file.read(CHUNK):
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        if BEYOND_ASCII.search(text):
            encoding = "utf-8"
            break
        encoding = "cp1252"
    file.seek(0)
    return encoding


def _delimiter(header: str) -> str:
    return max(SEPARATORS, key=header.count)


class _Lines:
    """Lines as they come, numbered, and the records that they make; memory holds one record."""

    def __init__(self, file: BinaryIO, size: int, encoding: str, progress: Advance) -> None:
        self.file, self.size, self.progress = file, size, progress
        self.encoding = encoding.removesuffix("-sig")
        self.delimiter = ","
        self.count = 0

    def take(self) -> str | None:
        """At most a byte more than the limit; what ends a file of DOS is left out."""
        raw = self.file.readline(LINE_LIMIT + 1)
        if not raw:
            self.progress(self.size, self.size)
            return None
        self.count += 1
        if self.count % TOLD_EVERY == 0:
            self.progress(self.file.tell(), self.size)
        text = raw.decode(self.encoding, "surrogateescape")
        return text if raw.endswith(b"\n") else text.rstrip("\x1a")

    def records(self) -> Iterator[Record]:
        while (line := self.take()) is not None:
            record = self.record(line)
            yield record
            if record.lost:
                return

    def record(self, line: str) -> Record:
        body = line.rstrip("\r\n")
        if '"' in body or "\r" in body or len(line) > FIELD_LIMIT:
            return self._careful(line, body)
        return Record(self.count, body.split(self.delimiter))

    def _careful(self, line: str, body: str) -> Record:
        first, length = self.count, len(line)
        if length > LINE_LIMIT:
            self._leave_line(line)
            return Record(first, self._beginning(body), LONG_LINE)
        cells = _Cells(self.delimiter)
        while not cells.take(body, line[len(body) :]):
            following = self.take()
            if following is None:
                return self._lost(first, cells, UNCLOSED)
            line, body = following, following.rstrip("\r\n")
            length += len(line)
            if length > LINE_LIMIT:
                return self._lost(first, cells, LONG_LINE + MAYBE_UNCLOSED)
            if cells.open_length > FIELD_LIMIT:
                return self._lost(first, cells, LONG_CELL + MAYBE_UNCLOSED)
        if any(len(cell) > FIELD_LIMIT for cell in cells.closed):
            return Record(first, self._beginning(body), LONG_CELL)
        return Record(first, cells.closed, cells.fault, cells.position)

    def _leave_line(self, line: str) -> None:
        while line and not line.endswith("\n"):
            line = self.file.readline(LINE_LIMIT).decode(self.encoding, "surrogateescape")

    def _lost(self, first: int, cells: "_Cells", reason: str) -> Record:
        return Record(first, self._beginning(cells.first), reason, lost=True)

    def _beginning(self, text: str) -> list[str]:
        return text[:FIELD_LIMIT].split(self.delimiter)


class _Cells:
    """The cells of one record, line by line; each character is looked at once.

    A cell that is badly quoted is taken as it is written.
    """

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.first = ""
        self.closed: list[str] = []
        self.in_quotes = False
        self.parts: list[str] = []
        self.open_length = 0
        self.fault = ""
        self.position: int | None = None

    def take(self, body: str, ending: str) -> bool:
        """Whether the record ends with this line."""
        self.first = self.first or body
        place: int | None = 0
        while place is not None:
            place = self._quoted(body, place) if self.in_quotes else self._unquoted(body, place)
        if self.in_quotes:
            self._hold(ending)
        return not self.in_quotes

    def _unquoted(self, body: str, start: int) -> int | None:
        if body.startswith('"', start):
            self.in_quotes, self.parts, self.open_length = True, [], 0
            return start + 1
        cell, following = self._until_delimiter(body, start)
        if '"' in cell and not CODE.fullmatch(cell):
            self._blame(MISQUOTED, len(self.closed))
        if "\r" in cell:
            self._blame(LONE_CR)
        self.closed.append(cell)
        return following

    def _quoted(self, body: str, start: int) -> int | None:
        """None: the line ends, inside the cell or with it."""
        end = body.find('"', start)
        if end < 0:
            self._hold(body[start:])
            return None
        self._hold(body[start:end])
        if body.startswith('"', end + 1):
            self._hold('"')
            return end + 2
        self.in_quotes, cell = False, "".join(self.parts)
        rest, following = self._until_delimiter(body, end + 1)
        if rest.strip():
            self._blame(CLOSED_EARLY)
            cell = f'"{cell}"{rest}'
        self.closed.append(cell)
        return following

    def _hold(self, part: str) -> None:
        self.parts.append(part)
        self.open_length += len(part)

    def _until_delimiter(self, body: str, start: int) -> tuple[str, int | None]:
        end = body.find(self.delimiter, start)
        return (body[start:], None) if end < 0 else (body[start:end], end + 1)

    def _blame(self, fault: str, position: int | None = None) -> None:
        if not self.fault:
            self.fault, self.position = fault, position
