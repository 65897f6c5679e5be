"""Every list is also a file: the whole of it, with the same filters, as CSV or JSON."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import TypeVar

import orjson
from starlette.responses import StreamingResponse
from starlette.routing import Route

from registry.domain.pages import Page, Slice
from registry.exchange.bundle.cells import neutralise
from registry.web.visits import At, Endpoint

Row = TypeVar("Row")
Record = Mapping[str, object]
SIZE = 200
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


Records = AsyncIterator[Sequence[Record]]


def routes(at: At, path: str, page: Callable[[str], Endpoint]) -> list[Route]:
    """Of the files of the list at ``path``; ``page`` makes the one of each kind."""
    return [at(f"{path}.{kind}", page(kind)) for kind in KINDS]


async def every(
    fetch: Callable[[Page], Awaitable[Slice[Row]]], record: Callable[[Row], Record]
) -> Records:
    """A list by its pages; ``fetch`` opens a read of its own for each, as a reader may be slow.
    The first one is read at once, so that what can't be asked is refused.
    """
    return _following(fetch, record, await fetch(Page(first=SIZE)))


async def _following(
    fetch: Callable[[Page], Awaitable[Slice[Row]]],
    record: Callable[[Row], Record],
    found: Slice[Row],
) -> Records:
    yield [*map(record, found.rows)]
    while found.has_next:
        found = await fetch(Page(first=SIZE, after=found.cursors[-1]))
        yield [*map(record, found.rows)]


async def whole(rows: Iterable[Record]) -> Records:
    """A list that is short, or was read at once."""
    yield [*rows]


def twin(kind: str, name: str, columns: Sequence[str], parts: Records) -> StreamingResponse:
    """``kind`` is ``csv`` or ``json``; ``columns`` are the keys of the records, in English as in
    the API. Codes are written as they are, dates as ``2026-03-31``, a list's items by « | ».
    """
    written = _csv(columns, parts) if kind == "csv" else _json(columns, parts)
    disposition = f'attachment; filename="{name}.{kind}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return StreamingResponse(written, 200, headers, KINDS[kind])


async def _csv(columns: Sequence[str], parts: Records) -> AsyncIterator[bytes]:
    yield (",".join(columns) + "\n").encode()
    async for records in parts:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_cell(record[column]) for column in columns] for record in records)
        yield text.getvalue().encode()


async def _json(columns: Sequence[str], parts: Records) -> AsyncIterator[bytes]:
    opening = b"["
    async for records in parts:
        for record in records:
            said = orjson.dumps({column: record[column] for column in columns}, default=str)
            yield opening + said
            opening = b",\n"
    yield b"[]\n" if opening == b"[" else b"]\n"


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return "|".join(str(_cell(item)) for item in value)
    return neutralise(value) if isinstance(value, str) else value
