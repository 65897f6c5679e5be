"""Clients declared by a file: tried first, followed, reported line by line, then sent for good."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from models import BulkDeclaration, BulkNoun, BulkState
from registry.domain import bulk_declarations, products
from registry.domain.bulk_declarations import UNFINISHED, Sent
from registry.domain.errors import DomainError, InvalidInput, NotFound
from registry.domain.histories import Said
from registry.domain.pages import Page, Slice
from registry.exchange.bulk import faulty, files, templates
from registry.exchange.bulk.columns import MEANINGS
from registry.exchange.files import allowance, keep
from registry.exchange.lists import Format, Record
from registry.exchange.tables import ACTIVATIONS, DEPLOYMENTS, Table
from registry.exchange.workbooks.reading import received_lines
from registry.leaving import left
from registry.web.exports import export_private, from_pages
from registry.web.forms import MAX_UPLOAD, Form, posted, shown_again
from registry.web.queries import Query, read_page
from registry.web.spaces.vendors.space import Page as Served
from registry.web.spaces.vendors.space import Space

FILE = "file"
TABLES = {BulkNoun.DEPLOYMENTS: DEPLOYMENTS, BulkNoun.ACTIVATIONS: ACTIVATIONS}
NOUNS = {
    BulkNoun.DEPLOYMENTS: "usages : qui utilise quel logiciel, et depuis quand",
    BulkNoun.ACTIVATIONS: "raccordements : où en est chaque client",
}
CONTENTS = {BulkNoun.DEPLOYMENTS: "usages", BulkNoun.ACTIVATIONS: "raccordements"}
STATES: Mapping[BulkState, str] = {
    BulkState.WAITING: "en attente",
    BulkState.RUNNING: "en cours",
    BulkState.DONE: "fini",
    BulkState.REFUSED: "refusé",
    BulkState.FAILED: "interrompu",
}
FILTERS = ("contenu", "etat", "tri")
COLUMNS = ("id", "noun", "dry_run", "state", "created_at", "ended_at", "size")
SHOWN = 200


async def show_all(space: Space) -> Response:
    return await _sending(space, Form.of(noun=BulkNoun.DEPLOYMENTS, dryRun=True))


async def send(space: Space) -> Response:
    """Nothing of the file is judged yet: a worker takes it, and the page that follows tells."""
    form = await posted(space.visit)
    noun = form.word("noun", BulkNoun) or BulkNoun.DEPLOYMENTS
    complete_on = form.date("completeOn")
    try:
        async with space.visit.database.read() as session:
            await bulk_declarations.sender(session, space.visit.actor, noun)
        _check_chosen(form)
        folder = space.visit.door.settings.uploads_folder
        chunks, gone = _chunks(form.files.get(FILE)), partial(left, space.visit.request)
        async with received_lines(folder, chunks, MAX_UPLOAD, gone) as file:
            boxes = form.has("dryRun"), form.has("acceptValid")
            sent = Sent(noun, file.digest, file.size, *boxes, complete_on)
            with_file = replace(form, values={**form.values, FILE: [file.digest.hex()]})
            place = files.path(folder, file.digest)
            return await _received(space, with_file, sent, partial(keep, file, place))
    except DomainError as refusal:
        return shown_again(await _sending(space, form.refused(refusal)))


def _check_chosen(form: Form) -> None:
    """Raises ``InvalidInput`` with whatever else is wrong."""
    with form.checks:
        if FILE not in form.files:
            raise InvalidInput(FILE, "Choisissez un fichier.")
    form.settle()


async def _chunks(file: UploadFile | None) -> AsyncIterator[bytes]:
    while file is not None and (chunk := await file.read(64_000)):
        yield chunk


async def _received(
    space: Space, form: Form, sent: Sent, put: Callable[[], Awaitable[None]]
) -> Response:
    """``put`` sees to it that the file is in its place, which the transaction holds."""
    room = allowance(space.visit.door.settings)

    async def work(session: AsyncSession, _: Said) -> BulkDeclaration:
        row = await bulk_declarations.receive(session, space.visit.actor, sent, room)
        await put()
        return row

    return await space.sent(
        form,
        work,
        to=lambda number: space.to("fichiers", number),
        said="Le fichier est reçu.",
        again=_sending,
    )


async def _sending(space: Space, form: Form) -> Response:
    query = Query.of(space.visit.request, FILTERS, space.to("fichiers"))
    query, found = await read_page(space.visit.database, query, partial(_listed, space, query))
    async with space.visit.database.read() as session:
        owned = await products.of_vendor(session, space.vendor.recorded_id)
    day = space.visit.today
    on_offer = [each for each in owned if each.demarches and not products.is_retired(each, day)]
    return space.page(
        "files.html",
        200 if found else 400,
        form=form,
        query=query,
        found=found,
        nouns=NOUNS,
        contents=CONTENTS,
        states=STATES,
        owned=on_offer,
        example=next(iter(on_offer), None),
        meanings=MEANINGS,
        columns={noun: _columns(table) for noun, table in TABLES.items()},
    )


def as_file(format: Format) -> Served:
    """The list of what was sent, as ``csv`` or ``json``."""

    async def write(space: Space) -> Response:
        fetch = partial(_listed, space, Query.of(space.visit.request, FILTERS, paging=()))
        return await export_private(
            space.visit, format, "fichiers", from_pages(COLUMNS, fetch, _record)
        )

    return write


def template(noun: BulkNoun, kind: templates.Format) -> Served:
    """A file to fill in, whose lists of codes are the vendor's own."""

    async def write(space: Space) -> Response:
        async with space.visit.database.read() as session:
            made = await templates.read(session, space.visit.actor, noun)
        content, name = await asyncio.to_thread(made.write, kind), f"{CONTENTS[noun]}.{kind}"
        headers = {
            "Content-Disposition": f'attachment; filename="modele-{name}"',
            "Cache-Control": "no-store",
        }
        return Response(content, 200, headers, media_type=templates.MEDIA_TYPES[kind])

    return write


async def _listed(
    space: Space, query: Query, session: AsyncSession, page: Page
) -> Slice[BulkDeclaration]:
    noun, state = query.word("contenu", BulkNoun), query.word("etat", BulkState)
    actor, order = space.visit.actor, query.recency()
    return await bulk_declarations.listed(session, actor, page, noun, state, order)


def _record(row: BulkDeclaration) -> Record:
    return {
        "id": row.id,
        "noun": row.noun,
        "dry_run": row.dry_run,
        "state": row.state,
        "created_at": row.created_at,
        "ended_at": row.ended_at,
        "size": row.size,
    }


async def show(space: Space) -> Response:
    return await _following(space, Form())


async def _following(space: Space, form: Form) -> Response:
    row = await _known(space)
    report: dict[str, Any] = row.report or {}
    faults = report.get("faults", [])
    lines = report.get("collectivites", [])
    clean = row.state is BulkState.DONE and (row.accept_valid or not faults)
    return space.page(
        "file.html",
        row=row,
        form=form,
        report=report,
        faults=faults[:SHOWN],
        lines=lines[:SHOWN],
        names={named["line"]: named["name"] for named in lines},
        has_lines=bool(bulk_declarations.reasons(row)),
        differences=[
            (found["line"], _day(found["given"]), _day(found["recorded"]))
            for found in report.get("differences", [])[:SHOWN]
        ],
        absent=[
            found | {"since": _day(found["since"])} for found in report.get("absent", [])[:SHOWN]
        ],
        shown=SHOWN,
        nouns=NOUNS,
        waiting=row.state in UNFINISHED,
        sendable=row.dry_run and clean,
    )


async def send_for_good(space: Space) -> Response:
    """The file that was tried, as it was received."""
    form, tried = await posted(space.visit), await _known(space)
    settings = space.visit.door.settings

    async def check_there() -> None:
        if not files.path(settings.uploads_folder, tried.digest).is_file():
            raise NotFound(FILE, files.gone(settings.uploads_days))

    sent = Sent(
        tried.noun,
        tried.digest,
        tried.size,
        dry_run=False,
        accept_valid=tried.accept_valid,
        complete_on=tried.complete_on,
    )
    return await _received(space, form, sent, check_there)


async def faulty_lines(space: Space) -> Response:
    row = await _known(space)
    reasons = bulk_declarations.reasons(row)
    source = files.path(space.visit.door.settings.uploads_folder, row.digest)
    if not reasons:
        raise NotFound("id", "Ce fichier n’a pas de ligne fautive.")
    if not source.is_file():
        raise NotFound("id", files.gone(space.visit.door.settings.uploads_days))
    headers = {
        "Content-Disposition": f'attachment; filename="{faulty.name()}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(faulty.lines(source, reasons), 200, headers, media_type="text/csv")


async def _known(space: Space) -> BulkDeclaration:
    async with space.visit.database.read() as session:
        row = await bulk_declarations.visible(session, space.visit.actor, space.visit.number())
    if row is None:
        raise NotFound("id", "Aucun fichier de ce numéro n’a été envoyé pour vous.")
    return row


def _columns(table: Table) -> Sequence[tuple[str, bool]]:
    """Each with whether every line must fill it."""
    return [(column.name, column.mandatory) for column in table]


def _day(text: str) -> date:
    return date.fromisoformat(text)
