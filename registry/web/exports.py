"""Every list is also a file: the whole of it, with the same filters, in one snapshot.

A public list without a filter is made once for each version of the registry, and kept on disk; any
other is written anew for whoever asks, to a file without a name, so that filters fill no disk and
a slow reader holds no connection.
"""

import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from importlib.metadata import version as version_of
from typing import Any, BinaryIO, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from registry.domain import ledger
from registry.domain.clock import PARIS, today
from registry.domain.ledger import LastEntry
from registry.domain.pages import MAX_SIZE, Page, Slice
from registry.exchange.lists import Format, Record, encode_rows, encode_statement
from registry.web.publishing import OPEN, accepts_gzip, unchanged
from registry.web.stored_files import StoredFile, Version, compressed, gzipped, passing, stored
from registry.web.visits import PRIVATE, At, Endpoint, Visit

Row = TypeVar("Row")
CSV_TYPE = "text/csv; charset=utf-8"
MEDIA_TYPES = {
    Format.EXCEL: CSV_TYPE,
    Format.CSV: CSV_TYPE,
    Format.JSON: "application/json",
}
FOR_ALL = {**OPEN, "Cache-Control": "public, no-cache", "Vary": "Accept-Encoding"}
"""Whoever has the file asks whether it changed, which costs nothing."""
SERVED = 5
WHOLE_LIST = 300
"""Points: milliseconds to send a file that is there, and to write the longest one."""

Encode = Callable[[AsyncSession, Format], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Source:
    """``encode`` reads in one session, whose snapshot the file is."""

    columns: Sequence[str]
    encode: Encode


def routes(at: At, path: str, page: Callable[[Format], Endpoint]) -> list[Route]:
    """The files of the list at ``path``; ``page`` makes the one of each format."""
    return [at(f"{path}.{format}", page(format), compressed=False) for format in Format]


def from_rows(
    columns: Sequence[str], read: Callable[[AsyncSession], Awaitable[Iterable[Record]]]
) -> Source:
    """A list that is short, or read at once."""

    async def parts(session: AsyncSession) -> AsyncIterator[Sequence[Record]]:
        yield [*await read(session)]

    return Source(columns, lambda session, format: encode_rows(format, columns, parts(session)))


def from_pages(
    columns: Sequence[str],
    fetch: Callable[[AsyncSession, Page], Awaitable[Slice[Row]]],
    record: Callable[[Row], Record],
) -> Source:
    """A list by its pages, so that it is never whole in memory."""

    async def parts(session: AsyncSession) -> AsyncIterator[Sequence[Record]]:
        page = await fetch(session, Page(first=MAX_SIZE))
        yield [*map(record, page.rows)]
        while page.has_next:
            page = await fetch(session, Page(first=MAX_SIZE, after=page.cursors[-1]))
            yield [*map(record, page.rows)]

    return Source(columns, lambda session, format: encode_rows(format, columns, parts(session)))


def from_statement(
    columns: Sequence[str], build: Callable[[AsyncSession], Awaitable[sa.Select[Any]]]
) -> Source:
    """A list that is long: PostgreSQL writes its lines."""

    async def encode(session: AsyncSession, format: Format) -> AsyncIterator[bytes]:
        async for written in encode_statement(format, session, await build(session)):
            yield written

    return Source(columns, encode)


async def export(
    visit: Visit, format: Format, name: str, source: Source, points: int = WHOLE_LIST
) -> Response:
    """The file of a public list; ``points`` are spent where it is written."""
    visit.spend(SERVED)
    gzip = _wants_gzip(visit)
    if visit.request.url.query:
        visit.spend(points)
        file = await _written_anew(visit, format, source, gzip=gzip)
        return ExportResponse(visit, format, name, file, FOR_ALL, gzip=gzip)
    listed, folder = f"{name}-{format}", visit.door.settings.exports_folder
    async with visit.database.read() as session:
        version = _version(listed, source, await ledger.last_entry(session), today())
    headers = {**FOR_ALL, **validators(gzipped(version) if gzip else version)}
    if unchanged(visit.request, headers):
        return Response(status_code=304, headers=headers)

    async def make(file: BinaryIO) -> Version | None:
        visit.spend(points)
        day = today()
        last = await _write(visit, format, source, file)
        return _version(listed, source, last, day) if day == today() else None

    file = await stored(folder, listed, version, make)
    if gzip:
        file = await compressed(folder, listed, file)
    return ExportResponse(visit, format, name, file, FOR_ALL, gzip=gzip)


async def export_private(visit: Visit, format: Format, name: str, source: Source) -> Response:
    """The file of a list that its reader alone may see."""
    visit.spend(WHOLE_LIST)
    gzip = _wants_gzip(visit)
    file = await _written_anew(visit, format, source, gzip=gzip)
    return ExportResponse(visit, format, name, file, PRIVATE, gzip=gzip)


class ExportResponse(FileResponse):
    """An open file, closed once it is sent."""

    def __init__(
        self,
        visit: Visit,
        format: Format,
        name: str,
        file: StoredFile,
        headers: Mapping[str, str],
        *,
        gzip: bool,
    ) -> None:
        self.file = file
        super().__init__(
            f"/dev/fd/{file.descriptor}",
            headers={
                **headers,
                **validators(file.version),
                **({"Content-Encoding": "gzip"} if gzip else {}),
            },
            media_type=MEDIA_TYPES[format],
            filename=f"{name}-{visit.today}.{format}",
            stat_result=os.fstat(file.descriptor),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self.file.descriptor)


def validators(version: Version) -> dict[str, str]:
    return {
        "ETag": f'"{version.tag}"',
        "Last-Modified": format_datetime(version.modified, usegmt=True),
    }


def _wants_gzip(visit: Visit) -> bool:
    """A piece of a file is a piece of it as it is: one of a compressed file says nothing."""
    return "range" not in visit.request.headers and accepts_gzip(visit.request)


async def _written_anew(visit: Visit, format: Format, source: Source, *, gzip: bool) -> StoredFile:
    async def write(file: BinaryIO) -> datetime:
        return _modified(await _write(visit, format, source, file), visit.today)

    return await passing(write, gzip=gzip)


async def _write(visit: Visit, format: Format, source: Source, file: BinaryIO) -> LastEntry:
    """The file says what the registry was after that entry."""
    async with visit.database.read() as session:
        last = await ledger.last_entry(session)
        async for written in source.encode(session, format):
            file.write(written)
    return last


def _version(listed: str, source: Source, last: LastEntry, day: date) -> Version:
    """Whatever a public list tells follows from the ledger, the day and this program."""
    program = "|".join([version_of("raccord"), *source.columns])
    known = f"{last.leaf_hash.hex()}|{day}|{program}"
    digest = hashlib.sha256(known.encode()).hexdigest()[:16]
    return Version(f"{listed}.{last.seq}-{day:%Y%m%d}-{digest}", _modified(last, day))


def _modified(last: LastEntry, day: date) -> datetime:
    """A new day may change what a list tells, as an entry does."""
    dawn = datetime.combine(day, time(), PARIS).astimezone(UTC)
    return max(dawn, last.recorded_at.astimezone(UTC))
