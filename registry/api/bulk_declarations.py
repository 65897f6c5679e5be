"""Files of declarations: sent by PUT, followed by GraphQL or by GET, their faulty lines by GET."""

import asyncio
import hashlib
from collections.abc import Set
from datetime import date, datetime
from functools import partial
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from models import BulkDeclaration as Row
from models import BulkNoun, BulkState
from registry.api.context import Request as Info
from registry.api.fields import resolved
from registry.api.files import NOT_STORED, answered, patiently, told
from registry.api.nodes import Node, global_id, parse
from registry.api.pages import First
from registry.api.requests import check_origin
from registry.auth import backend
from registry.auth.quotas import charge
from registry.database import Database
from registry.domain import bulk_declarations, idempotency
from registry.domain.actor import Actor
from registry.domain.bulk_declarations import Sent
from registry.domain.errors import InvalidInput, NotFound
from registry.domain.pages import Page
from registry.exchange.bulk import faulty, files, templates
from registry.exchange.bulk.templates import MEDIA_TYPES, Format
from registry.exchange.files import Received, allowance, keep
from registry.exchange.workbooks.reading import received_lines
from registry.leaving import left
from registry.settings import Settings

PATIENCE = 600.0
"""Seconds that a whole file may take to come."""
NOUNS = {"deployments": BulkNoun.DEPLOYMENTS, "activations": BulkNoun.ACTIVATIONS}
FLAGS = {"true": True, "false": False}
PARAMETERS = frozenset({"dryRun", "acceptValid", "completeOn", "siren"})
SHOWN = 1000
NAMED = "Nom de la collectivité que désigne le code de la ligne ; nul : inconnue."


@strawberry.type(description="Cellule refusée d’un fichier.")
class BulkFault:
    line: int = strawberry.field(description="Ligne du fichier, l’en-tête étant la première.")
    column: str = strawberry.field(description="Colonne ; vide : la ligne entière.")
    value: str = strawberry.field(description="Ce qui s’y trouve.")
    reason: str = strawberry.field(description="Ce qui ne va pas, et ce qui est attendu.")
    collectivite_name: str | None = strawberry.field(description=NAMED)


@strawberry.type(description="Date d’un fichier qui n’est pas celle du registre, laquelle reste.")
class BulkDifference:
    line: int = strawberry.field(description="Ligne du fichier.")
    given: date = strawberry.field(description="Date du fichier.")
    recorded: date = strawberry.field(description="Date du registre.")
    collectivite_name: str | None = strawberry.field(description=NAMED)


@strawberry.type(description="Usage absent d’un fichier complet : il prend fin.")
class BulkAbsence:
    collectivite: str = strawberry.field(description="Code de la collectivité.")
    collectivite_name: str | None = strawberry.field(description="Son nom.")
    product: str = strawberry.field(description="Identifiant du logiciel.")
    demarche: str = strawberry.field(description="Démarche.")
    since: date = strawberry.field(description="Début de l’usage.")


@strawberry.type(description="Collectivité que désigne le code d’une ligne.")
class BulkLine:
    line: int = strawberry.field(description="Ligne du fichier, l’en-tête étant la première.")
    code: str = strawberry.field(description="Code du fichier.")
    name: str = strawberry.field(description="Nom de la collectivité.")


@strawberry.type(description="Ce qu’un fichier a donné, ou donnerait s’il est à blanc.")
class BulkReport:
    message: str | None = strawberry.field(description="Pourquoi le fichier entier est refusé.")
    warning: str | None = strawberry.field(
        description="Ce qui est à vérifier : des codes qui semblent postaux."
    )
    lines: int = strawberry.field(description="Lignes lues.")
    created: int = strawberry.field(description="Déclarations nouvelles.")
    confirmed: int = strawberry.field(description="Usages de l’autre partie confirmés.")
    changed: int = strawberry.field(description="Déclarations modifiées.")
    unchanged: int = strawberry.field(description="Lignes qui disent ce que dit le registre.")
    ended: int = strawberry.field(description="Usages absents qui prennent fin.")
    different: int = strawberry.field(description="Lignes dont la date n’est pas la bonne.")
    faulty: int = strawberry.field(description="Lignes fautives.")
    completed: bool | None = strawberry.field(
        description="Les usages absents ont été clos ; faux : des lignes étaient fautives."
    )
    faults: list[BulkFault] = strawberry.field(description="Les mille premières fautes.")
    differences: list[BulkDifference] = strawberry.field(description="Les mille premières.")
    absent: list[BulkAbsence] = strawberry.field(description="Les mille premiers usages clos.")
    collectivites: list[BulkLine] = strawberry.field(
        description="Ce que désignent les codes des mille premières lignes, puis des fautives."
    )

    @classmethod
    def of(cls, report: dict[str, Any]) -> "BulkReport":
        counts = (
            *("lines", "created", "confirmed", "changed", "unchanged", "ended", "different"),
            "faulty",
        )
        lines = [BulkLine(**named) for named in report.get("collectivites", [])]
        names = {named.line: named.name for named in lines}
        return cls(
            message=report.get("message"),
            warning=report.get("warning"),
            **{name: report.get(name, 0) for name in counts},
            completed=report.get("completed"),
            faults=[
                BulkFault(**fault, collectivite_name=names.get(fault["line"]))
                for fault in report.get("faults", [])[:SHOWN]
            ],
            differences=[
                BulkDifference(
                    line=found["line"],
                    given=date.fromisoformat(found["given"]),
                    recorded=date.fromisoformat(found["recorded"]),
                    collectivite_name=names.get(found["line"]),
                )
                for found in report.get("differences", [])
            ],
            absent=[
                BulkAbsence(
                    collectivite=found["collectivite"],
                    collectivite_name=found.get("name"),
                    product=found["product"],
                    demarche=found["demarche"],
                    since=date.fromisoformat(found["since"]),
                )
                for found in report.get("absent", [])
            ],
            collectivites=lines[:SHOWN],
        )


@strawberry.type(description="Fichier de déclarations envoyé par une organisation.")
class BulkDeclaration(Node):
    row_id: strawberry.Private[int]
    noun: BulkNoun = strawberry.field(description="Ce qu’il déclare.")
    state: BulkState = strawberry.field(description="Où il en est.")
    dry_run: bool = strawberry.field(description="À blanc : rien n’est écrit.")
    accept_valid: bool = strawberry.field(
        description="Les lignes justes sont écrites sans les autres."
    )
    complete_on: date | None = strawberry.field(
        description="Jour où prennent fin les usages absents du fichier."
    )
    size: float = strawberry.field(description="Octets du fichier.")
    bytes_read: float = strawberry.field(description="Octets lus.")
    created_at: datetime = strawberry.field(description="Réception.")
    started_at: datetime | None = strawberry.field(description="Début du travail.")
    ended_at: datetime | None = strawberry.field(description="Fin du travail.")
    report: BulkReport | None = strawberry.field(description="Ce qu’il a donné, une fois fini.")
    faulty_file: str | None = strawberry.field(
        description="Adresse des lignes fautives, en CSV avec le motif de chacune ; "
        "aucune si seul l’en-tête est fautif."
    )

    @classmethod
    def of(cls, row: Row) -> "BulkDeclaration":
        report = row.report
        return cls(
            id=global_id("BulkDeclaration", row.id),
            row_id=row.recorded_id,
            noun=row.noun,
            state=row.state,
            dry_run=row.dry_run,
            accept_valid=row.accept_valid,
            complete_on=row.complete_on,
            size=row.size,
            bytes_read=row.bytes_read,
            created_at=row.created_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
            report=None if report is None else BulkReport.of(report),
            faulty_file=_faulty_address(row),
        )


async def find(info: Info, row_id: int) -> BulkDeclaration | None:
    async with info.context.read() as session:
        row = await bulk_declarations.visible(session, info.context.actor, row_id)
    return None if row is None else BulkDeclaration.of(row)


@strawberry.type(description="Lectures des fichiers de déclarations.")
class BulkDeclarationQuery:
    @resolved(
        "Les fichiers envoyés pour les organisations dont il est ou qui l’ont délégué, le dernier"
        " d’abord ; un jeton doit avoir la portée READ."
    )
    async def bulk_declarations(self, info: Info, first: First = None) -> list[BulkDeclaration]:
        async with info.context.read() as session:
            found = await bulk_declarations.listed(session, info.context.actor, Page(first=first))
        return [BulkDeclaration.of(row) for row in found.rows]


def routes(database: Database, settings: Settings) -> list[Route]:
    async def send(request: Request) -> Response:
        return await answered(_send(request, database, settings))

    async def follow(request: Request) -> Response:
        return await answered(_follow(request, database, settings))

    async def faulty_lines(request: Request) -> Response:
        return await answered(_faulty_lines(request, database, settings))

    async def template(request: Request) -> Response:
        return await answered(_template(request, database, settings))

    return [
        Route("/bulk/{noun:str}/template.{kind:str}", template, methods=["GET"]),
        Route("/bulk/{noun:str}", send, methods=["PUT"]),
        Route("/bulk/{id:str}", follow, methods=["GET"]),
        Route("/bulk/{id:str}/faulty.csv", faulty_lines, methods=["GET"]),
    ]


async def _send(request: Request, database: Database, settings: Settings) -> Response:
    """202 with the declaration as it waits: nothing of the file is judged yet."""
    check_origin(request)
    actor = await backend.actor_of(database, request.headers, secure=settings.secure)
    await charge(database, settings.writes_per_minute, actor)
    noun = _noun(request)
    asked = _parameters(request)
    async with database.read() as session:
        await bulk_declarations.sender(session, actor, noun, asked["siren"])
    body = patiently(request, PATIENCE)
    folder, largest = settings.uploads_folder, settings.upload_limit
    async with received_lines(folder, body, largest, partial(left, request)) as file:
        row = await _received(
            database, actor, Sent(noun, file.digest, file.size, **asked), file, request, settings
        )
    return _told(row, 202, {"Location": f"/bulk/{global_id('BulkDeclaration', row.id)}"})


async def _received(
    database: Database,
    actor: Actor,
    sent: Sent,
    file: Received,
    request: Request,
    settings: Settings,
) -> Row:
    async def receive(session: AsyncSession) -> Row:
        row = await bulk_declarations.receive(session, actor, sent, allowance(settings))
        await keep(file, files.path(settings.uploads_folder, file.digest))
        return row

    key = request.headers.get("idempotency-key")
    async with database.transaction(actor) as session:
        if key is None:
            return await receive(session)
        digest = hashlib.sha256(repr(sent).encode()).digest()
        before = await idempotency.take(session, actor, key, digest, "bulk_declaration")
        if before is not None:
            return (await bulk_declarations.by_ids(session, [before]))[before]
        row = await receive(session)
        await idempotency.keep(session, actor, key, row.recorded_id)
        return row


async def _template(request: Request, database: Database, settings: Settings) -> Response:
    """A file to fill in, whose lists of codes are those of whoever asks."""
    actor = await backend.actor_of(database, request.headers, secure=settings.secure)
    noun, given = _noun(request), request.path_params["kind"]
    if given not in set(Format):
        raise NotFound("noun", f"Un modèle est en {' ou en '.join(Format)}.")
    kind, siren = Format(given), _parameters(request, frozenset({"siren"}))["siren"]
    async with database.read() as session:
        made = await templates.read(session, actor, noun, siren)
    content = await asyncio.to_thread(made.write, kind)
    name = f"{request.path_params['noun']}.{kind}"
    headers = NOT_STORED | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, media_type=MEDIA_TYPES[kind])


def _noun(request: Request) -> BulkNoun:
    noun = NOUNS.get(request.path_params["noun"])
    if noun is None:
        raise NotFound("noun", "Un fichier se dépose sur /bulk/deployments ou /bulk/activations.")
    return noun


async def _follow(request: Request, database: Database, settings: Settings) -> Response:
    return _told(await _visible(request, database, settings), 200)


async def _faulty_lines(request: Request, database: Database, settings: Settings) -> Response:
    row = await _visible(request, database, settings)
    reasons = bulk_declarations.reasons(row)
    source = files.path(settings.uploads_folder, row.digest)
    if not reasons:
        raise NotFound("id", "Ce fichier n’a pas de ligne fautive.")
    if not source.is_file():
        raise NotFound("id", files.gone(settings.uploads_days))
    headers = NOT_STORED | {
        "Content-Disposition": f'attachment; filename="{faulty.name()}"',
    }
    return StreamingResponse(faulty.lines(source, reasons), 200, headers, media_type="text/csv")


async def _visible(request: Request, database: Database, settings: Settings) -> Row:
    actor = await backend.actor_of(database, request.headers, secure=settings.secure)
    _, row_id = parse(request.path_params["id"])
    async with database.read() as session:
        row = await bulk_declarations.visible(session, actor, row_id)
    if row is None:
        raise NotFound("id", "Aucun fichier de ce numéro n’a été envoyé pour vous.")
    return row


def _parameters(request: Request, known: Set[str] = PARAMETERS) -> dict[str, Any]:
    """Without a word, a file is tried and nothing is written."""
    given = request.query_params
    if unknown := set(given) - known:
        raise InvalidInput(sorted(unknown)[0], "Paramètre inconnu.")
    complete_on = given.get("completeOn")
    try:
        return {
            "dry_run": FLAGS[given.get("dryRun", "true")],
            "accept_valid": FLAGS[given.get("acceptValid", "false")],
            "complete_on": None if complete_on is None else date.fromisoformat(complete_on),
            "siren": given.get("siren"),
        }
    except KeyError as fault:
        raise InvalidInput("dryRun", "true ou false est attendu.") from fault
    except ValueError as fault:
        raise InvalidInput("completeOn", "Une date AAAA-MM-JJ est attendue.") from fault


def _told(row: Row, status: int, headers: dict[str, str] | None = None) -> Response:
    body = {
        "id": global_id("BulkDeclaration", row.id),
        "noun": row.noun,
        "state": row.state,
        "dryRun": row.dry_run,
        "acceptValid": row.accept_valid,
        "completeOn": row.complete_on,
        "size": row.size,
        "bytesRead": row.bytes_read,
        "report": row.report,
        "faultyFile": _faulty_address(row),
    }
    return told(body, status, headers)


def _faulty_address(row: Row) -> str | None:
    if not bulk_declarations.reasons(row):
        return None
    return f"/bulk/{global_id('BulkDeclaration', row.id)}/faulty.csv"
