"""A list as a file: its rows written here, or its lines made by PostgreSQL, to the same bytes."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import Enum, StrEnum
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from registry.exchange.bundle.cells import RUN_BY_SPREADSHEETS, neutralise

Record = Mapping[str, object]
LINES_AT_ONCE = 1_000
QUOTED = re.compile('[,"\r\n]')
"""A cell that holds one of these stands between quotes."""
JSON_START, JSON_BETWEEN, JSON_END, JSON_NOTHING = b"[", b",\n", b"]\n", b"[]\n"


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


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
    yield _header(columns)
    async for records in parts:
        lines = [",".join([_cell(record[column]) for column in columns]) for record in records]
        yield "".join(f"{line}\n" for line in lines).encode()


async def encode_statement(
    format: Format, session: AsyncSession, statement: sa.Select[Any]
) -> AsyncIterator[bytes]:
    """The columns are the statement's own. Memory doesn't grow with the list."""
    rows = statement.subquery("row")
    if format is Format.JSON:
        line = sa.cast(sa.func.row_to_json(sa.literal_column("row")), sa.Text)
        async for written in _json(_lines(session, sa.select(line).select_from(rows))):
            yield written
        return
    yield _header([column.key for column in rows.columns])
    cells = [_cell_of(column) for column in rows.columns]
    commas = [part for cell in cells for part in (cell, sa.literal(","))][:-1]
    async for lines in _lines(session, sa.select(sa.func.concat(*commas, "\n"))):
        yield b"".join(lines)


async def _lines(
    session: AsyncSession, statement: sa.Select[Any]
) -> AsyncIterator[Sequence[bytes]]:
    connection = await session.connection()
    at_once = {"yield_per": LINES_AT_ONCE}
    async with connection.stream(statement, execution_options=at_once) as rows:
        async for part in rows.scalars().partitions():
            yield [line.encode() for line in part]


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


def _header(columns: Sequence[str]) -> bytes:
    return (",".join(columns) + "\n").encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (list, tuple)):
        return "|".join(map(_cell, value))
    if not isinstance(value, str):
        return str(value)
    text = neutralise(value)
    return '"{}"'.format(text.replace('"', '""')) if QUOTED.search(text) else text


def _cell_of(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The same in SQL. ``concat`` takes NULL for nothing."""
    if isinstance(column.type, postgresql.ARRAY):
        return sa.func.array_to_string(column, "|")
    if isinstance(column.type, sa.Boolean):
        return sa.case((column, "true"), (sa.not_(column), "false"), else_="")
    if not isinstance(column.type, sa.Text):
        return column
    run = column.regexp_match(f"^{RUN_BY_SPREADSHEETS.pattern}")
    text = sa.case((run, sa.literal("'").concat(column)), else_=column)
    quoted = sa.literal('"').concat(sa.func.replace(text, '"', '""')).concat('"')
    return sa.case((column.regexp_match(QUOTED.pattern), quoted), else_=text)
