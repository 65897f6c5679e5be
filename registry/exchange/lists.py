"""A list as a file: its rows written here, or its lines made by PostgreSQL, to the same bytes."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from enum import Enum, StrEnum
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from registry.exchange.bundle.cells import CODE_SHAPED, RUN_BY_SPREADSHEETS, neutralise
from registry.exchange.bundle.records import Dress

Record = Mapping[str, object]
LINES_AT_ONCE = 1_000
SEPARATORS = ",;"
QUOTED = re.compile(f'[{SEPARATORS}\t"\r\n]')
"""A cell that holds one of these stands between quotes."""
UNIT = "\x1f"
SUSPECT = rf"[\"{SEPARATORS}\t\r\n=+@＝＋－＠]|(?:^|{UNIT})'*-"
"""What a line has none of, whose cells are parted by ``UNIT``, if each can be written as it is:
PostgreSQL looks for it once a line, where looking in each cell takes as long as all the rest.
"""
JSON_START, JSON_BETWEEN, JSON_END, JSON_NOTHING = b"[", b",\n", b"]\n", b"[]\n"


class Format(StrEnum):
    """How a file's name ends. The longer ending comes first: ``.excel.csv`` ends in ``.csv``."""

    EXCEL = "excel.csv"
    CSV = "csv"
    JSON = "json"


DRESSES = {Format.CSV: Dress(), Format.EXCEL: Dress("utf-8-sig", ";", "\r\n")}
"""What programs expect, and what Excel reads and writes in France."""


async def encode_rows(
    format: Format, columns: Sequence[str], parts: AsyncIterator[Sequence[Record]]
) -> AsyncIterator[bytes]:
    """``columns`` are the keys of the records. Codes are written as they are, dates as
    ``2026-03-31``, a list's items by « | ».
    """
    if format is Format.JSON:
        async for written in _json(_objects(columns, parts)):
            yield written
        return
    yield header(format, columns)
    async for records in parts:
        yield encode_records(format, columns, records)


async def encode_statement(
    format: Format, session: AsyncSession, statement: sa.Select[Any]
) -> AsyncIterator[bytes]:
    """The columns are the statement's own. Memory doesn't grow with the list."""
    rows = statement.subquery("row")
    if format is Format.JSON:
        line = sa.cast(sa.func.row_to_json(sa.literal_column("row")), sa.Text)
        async for written in _json(_lines(session, rows, line, JSON_BETWEEN)):
            yield written
        return
    dress = DRESSES[format]
    yield header(format, [column.key for column in rows.columns])
    async for lines in _lines(session, rows, _line_of(rows.columns, format, dress), b""):
        yield b"".join(lines)


async def _lines(
    session: AsyncSession, rows: sa.Subquery, line: sa.ColumnElement[Any], between: bytes
) -> AsyncIterator[Sequence[bytes]]:
    """Texts of a thousand lines, joined by PostgreSQL: to take them one by one costs as much as
    to make them.
    """
    number = sa.func.row_number().over()
    part = (number - 1) // sa.literal(LINES_AT_ONCE)
    numbered = (
        sa.select(line.label("line"), number.label("number"), part.label("part"))
        .select_from(rows)
        .subquery()
    )
    joined = postgresql.aggregate_order_by(sa.literal(between.decode()), numbered.c.number)
    statement = (
        sa.select(sa.func.string_agg(numbered.c.line, joined))
        .group_by(numbered.c.part)
        .order_by(numbered.c.part)
    )
    connection = await session.connection()
    async with connection.stream_scalars(statement) as texts:
        async for text in texts:
            yield [text.encode()]


async def _objects(
    columns: Sequence[str], parts: AsyncIterator[Sequence[Record]]
) -> AsyncIterator[Sequence[bytes]]:
    async for records in parts:
        yield [
            orjson.dumps({column: record[column] for column in columns}, default=str)
            for record in records
        ]


async def _json(parts: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[bytes]:
    opening = JSON_START
    async for objects in parts:
        if objects:
            yield opening + JSON_BETWEEN.join(objects)
            opening = JSON_BETWEEN
    yield JSON_NOTHING if opening == JSON_START else JSON_END


def header(format: Format, columns: Sequence[str]) -> bytes:
    dress = DRESSES[format]
    return (dress.delimiter.join(columns) + dress.newline).encode(dress.encoding)


def encode_records(format: Format, columns: Sequence[str], records: Iterable[Record]) -> bytes:
    """Lines of a CSV file."""
    dress = DRESSES[format]
    lines = (
        dress.delimiter.join([_cell(record[column], format) for column in columns])
        for record in records
    )
    return "".join(f"{line}{dress.newline}" for line in lines).encode()


def _cell(value: object, format: Format) -> str:
    text = _text(value)
    if isinstance(value, float) and format is Format.EXCEL:
        return text.replace(".", ",")
    if isinstance(value, Enum) or not isinstance(value, str | list | tuple):
        return text
    if format is Format.EXCEL and CODE_SHAPED.fullmatch(text):
        return f'="{text}"'
    text = neutralise(text)
    return '"{}"'.format(text.replace('"', '""')) if QUOTED.search(text) else text


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list | tuple):
        return "|".join(map(_text, value))
    return str(value)


def _line_of(
    columns: Iterable[sa.ColumnElement[Any]], format: Format, dress: Dress
) -> sa.ColumnElement[Any]:
    """The same in SQL. ``concat`` takes NULL for nothing."""
    texts = [_text_of(column, format) for column in columns]
    careful = _concat([_cell_of(text, format) for text in texts], dress)
    if format is Format.EXCEL:
        return careful
    said = sa.func.concat_ws(UNIT, *(text for text in texts if isinstance(text.type, sa.Text)))
    return sa.case((said.regexp_match(SUSPECT), careful), else_=_concat(texts, dress))


def _concat(cells: Iterable[sa.ColumnElement[Any]], dress: Dress) -> sa.ColumnElement[Any]:
    between = sa.literal(dress.delimiter)
    pieces = [part for cell in cells for part in (cell, between)][:-1]
    return sa.func.concat(*pieces, dress.newline)


def _text_of(column: sa.ColumnElement[Any], format: Format) -> sa.ColumnElement[Any]:
    """What stands in the cell, before what spreadsheets ask for; text where a stranger wrote it."""
    if isinstance(column.type, sa.Boolean):
        return sa.case((column, "true"), (sa.not_(column), "false"), else_="")
    if isinstance(column.type, sa.Float) and format is Format.EXCEL:
        return sa.func.replace(sa.cast(column, sa.Text), ".", ",")
    if isinstance(column.type, postgresql.ARRAY):
        return sa.func.array_to_string(column, "|", type_=sa.Text)
    return column


def _cell_of(text: sa.ColumnElement[Any], format: Format) -> sa.ColumnElement[Any]:
    if not isinstance(text.type, sa.Text):
        return text
    harmless = sa.func.regexp_replace(text, RUN_BY_SPREADSHEETS.pattern, r"'\&", "g")
    quoted = sa.literal('"').concat(sa.func.replace(harmless, '"', '""')).concat('"')
    written = [(text.regexp_match(QUOTED.pattern), quoted)]
    if format is Format.EXCEL:
        coded = sa.literal('="').concat(text).concat('"')
        written.insert(0, (text.regexp_match(f"^({CODE_SHAPED.pattern})$"), coded))
    return sa.case(*written, else_=harmless)
