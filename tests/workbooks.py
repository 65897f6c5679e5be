"""Workbooks as spreadsheets write them, from rows of Python values."""

import io
from collections.abc import Callable, Sequence
from datetime import date
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter

ERROR = "#N/A"
FIRST_SHEET = "xl/worksheets/sheet1.xml"
Rows = Sequence[Sequence[object]]
Make = Callable[[Rows], bytes]

NAMESPACES = "".join(
    f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
    for prefix in ("office", "text", "table")
)
CALCEXT = ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"
BLANK_ROWS = (
    '<table:table-row table:number-rows-repeated="1048000">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)


def xlsx(rows: Rows, *, since_1904: bool = False) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"date_1904": since_1904})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet()
    for line, row in enumerate(rows):
        for column, value in enumerate(row):
            if value == ERROR:
                sheet.write_formula(line, column, "=NA()", None, ERROR)
            elif isinstance(value, date):
                sheet.write_datetime(line, column, value, day)
            elif isinstance(value, str) and value:
                sheet.write_string(line, column, value)
            elif value != "":
                sheet.write(line, column, value)
    book.add_worksheet().write(0, 0, "une autre feuille")
    book.close()
    return out.getvalue()


def ods(rows: Rows, encryption: str = "") -> bytes:
    body = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    sheets = {"A": f"{body}{BLANK_ROWS}", "B": f"<table:table-row>{_cell(1)}</table:table-row>"}
    tables = "".join(
        f'<table:table table:name="{name}">{sheet}</table:table>' for name, sheet in sheets.items()
    )
    content = (
        f"<office:document-content{NAMESPACES}{CALCEXT}><office:body><office:spreadsheet>"
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="content.xml">{encryption}'
        "</manifest:file-entry></manifest:manifest>"
    )
    own = {"META-INF/manifest.xml": manifest, "content.xml": content}
    return archive({"mimetype": SPREADSHEET, **own})


def archive(entries: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return out.getvalue()


def with_entry(book: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same archive, in which one entry says something else."""
    with ZipFile(io.BytesIO(book)) as old:
        entries: dict[str, str | bytes] = {each: old.read(each) for each in old.namelist()}
    entries[name] = change(bytes(entries.get(name, b"")))  # type: ignore[arg-type] - bytes, as read
    return archive(entries)


def with_row(template: bytes, cells: list[str]) -> bytes:
    """A row under the header, each cell in the text format of its column."""
    row = "".join(
        f'<c r="{letter}2" t="inlineStr"><is><t>{cell}</t></is></c>'
        for letter, cell in zip("ABCDEFGH", cells, strict=False)
    )
    end = f'<row r="2">{row}</row></sheetData>'.encode()
    return with_entry(template, FIRST_SHEET, lambda xml: xml.replace(b"</sheetData>", end))


def _cell(value: object) -> str:
    if value == ERROR:
        told = 'table:formula="of:=NA()" office:value-type="string" office:string-value=""'
        shown = "<text:p>#N/D</text:p></table:table-cell>"
        return f'<table:table-cell {told} calcext:value-type="error">{shown}'
    if isinstance(value, bool):
        told = f'"boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        told = f'"date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        told = f'"float" office:value="{value}"'
    elif value:
        told = '"string"'
    else:
        return "<table:table-cell/>"
    shown = f"<text:p>{escape(str(value))}</text:p>"
    return f"<table:table-cell office:value-type={told}>{shown}</table:table-cell>"
