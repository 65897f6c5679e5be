"""Cells in error (#N/A, #REF!…) of a workbook's first sheet, which the library reads as empty."""

import re
from collections.abc import Callable
from xml.parsers import expat
from zipfile import ZipFile

MOST = 20_000
"""More than any report tells."""
CHUNK = 65_536
EXCEL, OPEN_DOCUMENT = "xl/workbook.xml", "content.xml"
PLACE = re.compile("([A-Z]{1,3})([0-9]{1,7})")

Errors = dict[int, dict[int, str]]
"""By row then column, both from 0."""
Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]


class TooManyErrors(Exception):
    """Nobody corrects that many one by one."""


class NotXml(Exception):
    """The document is not the XML that it should be, or defines entities."""


class _Done(Exception):
    """The rest of the document says nothing more."""


def find_errors(archive: ZipFile) -> Errors:
    """Raises ``TooManyErrors`` or ``NotXml``."""
    names = archive.namelist()
    excel = EXCEL in names
    entry = _first_sheet(archive) if excel else OPEN_DOCUMENT
    cells = _ExcelCells() if excel else _OpenDocumentCells()
    if entry in names:
        _parse(archive, entry, cells.start, cells.end, cells.text)
    return cells.errors


def _first_sheet(archive: ZipFile) -> str:
    """The entry of an .xlsx that holds its first sheet, or nothing."""
    sheets = _elements(archive, EXCEL, "sheet")
    relations = _elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
    wanted = next((v for k, v in sheets[0].items() if k.endswith(":id")), "") if sheets else ""
    target = next((each.get("Target", "") for each in relations if each.get("Id") == wanted), "")
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _elements(archive: ZipFile, entry: str, name: str) -> list[Attributes]:
    found: list[Attributes] = []

    def start(element: str, attributes: Attributes) -> None:
        if _local(element) == name and len(found) < MOST:
            found.append(attributes)

    if entry in archive.namelist():
        _parse(archive, entry, start)
    return found


def _parse(
    archive: ZipFile,
    entry: str,
    start: Start,
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] = lambda _: None,
) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    try:
        with archive.open(entry) as content:
            while chunk := content.read(CHUNK):
                parser.Parse(chunk)
    except _Done:
        return
    except expat.ExpatError as fault:
        raise NotXml from fault


def _refuse_doctype(*_: object) -> None:
    raise NotXml


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Cells:
    """Where the reading stands, and the errors met; ``shown`` is the text of the one it is in."""

    def __init__(self) -> None:
        self.errors: Errors = {}
        self.count = 0
        self.row, self.column = 0, 0
        self.rows, self.columns = 1, 1
        self.shown: list[str] | None = None

    def text(self, part: str) -> None:
        if self.shown is not None and len(self.shown) < MOST:
            self.shown.append(part)

    def take(self) -> None:
        if self.shown is None:
            return
        self.count += self.rows * self.columns
        if self.count > MOST:
            raise TooManyErrors
        error = "".join(self.shown).strip()[:20] or "#N/A"
        columns = range(self.column, self.column + self.columns)
        for row in range(self.row, self.row + self.rows):
            self.errors.setdefault(row, {}).update(dict.fromkeys(columns, error))
        self.shown = None


class _ExcelCells(_Cells):
    """A cell tells its place, or follows the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.row, self.column = -1, -1
        self.in_value = False

    def start(self, name: str, attributes: Attributes) -> None:
        match _local(name):
            case "row":
                told = attributes.get("r", "")
                self.row = int(told) - 1 if told.isdecimal() else self.row + 1
                self.column = -1
            case "c":
                self.column += 1
                if place := PLACE.fullmatch(attributes.get("r", "")):
                    self.column, self.row = _number(place[1]), int(place[2]) - 1
                self.shown = [] if attributes.get("t") == "e" else None
            case "v":
                self.in_value = True

    def end(self, name: str) -> None:
        match _local(name):
            case "c":
                self.take()
            case "v":
                self.in_value = False

    def text(self, part: str) -> None:
        if self.in_value:
            super().text(part)


def _number(letters: str) -> int:
    """0 for A."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


class _OpenDocumentCells(_Cells):
    """Rows and cells stand for as many as they say; the first table alone is looked at."""

    def start(self, name: str, attributes: Attributes) -> None:
        match name:
            case "table:table-row":
                self.rows, self.column = _times(attributes, "table:number-rows-repeated"), 0
            case "table:table-cell" | "table:covered-table-cell":
                self.columns = _times(attributes, "table:number-columns-repeated")
                self.shown = [] if attributes.get("calcext:value-type") == "error" else None

    def end(self, name: str) -> None:
        match name:
            case "table:table-cell" | "table:covered-table-cell":
                self.take()
                self.column += self.columns
            case "table:table-row":
                self.row += self.rows
            case "table:table":
                raise _Done


def _times(attributes: Attributes, name: str) -> int:
    told = attributes.get(name, "1")
    return int(told) if told.isdecimal() and len(told) < 8 else 1
