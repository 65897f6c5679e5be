"""GraphQL over HTTP."""

import asyncio
from functools import partial
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from registry.api import execution, media, reuse
from registry.api.context import Context
from registry.api.errors import RETRY, Refused, presented, too_often, unusable
from registry.api.loaders import Loaders
from registry.api.reads import Reads
from registry.api.requests import Asked, asked, check_origin
from registry.api.reuse import Answers, Kept
from registry.api.schema import build_schema
from registry.auth import backend
from registry.auth.quotas import charge
from registry.auth.rates import Allowance, Rates, TooOften
from registry.database import Database, DatabaseAway, DatabaseBusy, Share
from registry.domain.actor import PUBLIC, Actor
from registry.domain.clock import today
from registry.domain.errors import NotSignedIn
from registry.exchange import charters
from registry.settings import Settings

DEADLINE = 10.0
MAX_ERRORS = 20
METHODS = ("GET", "POST")
OPERATIONS = {
    "GET": (OperationType.QUERY,),
    "POST": (OperationType.QUERY, OperationType.MUTATION),
    "WebSocket": (OperationType.QUERY,),
}
"""What may be asked by a method of HTTP, or by a socket."""


class GraphQLDoor:
    def __init__(self, database: Database, settings: Settings, rates: Rates) -> None:
        self.schema = build_schema()
        self.database = database
        self.stale_after_months = settings.stale_after_months
        self.charters = charters.texts(settings.fixtures_dir / "charter")
        self.secure = settings.secure
        self.writes_per_minute = settings.writes_per_minute
        self.rates = rates
        self.answers = Answers(settings.response_cache_bytes, database.head)
        self.share = Share(settings.query_share, settings.pool_timeout)
        self.connections_per_request = settings.connections_per_request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        allowance = self.rates.of_client(request)
        response = await self.answer(request, allowance)
        response.headers.update(allowance.headers())
        response.headers.setdefault("Cache-Control", "no-store")
        await response(scope, receive, send)

    async def answer(self, request: Request, allowance: Allowance) -> Response:
        kind = media.JSON
        try:
            try:
                _check_method(request.method)
                kind = media.negotiated(request.headers.get("accept"))
            finally:
                allowance.ask()
            check_origin(request)
            wanted = await asked(request)
            try:
                actor = await self.authenticate(request)
                if actor is PUBLIC:
                    return await self.answer_public(request, wanted, allowance, kind)
                result = await self.execute(wanted, request.method, actor, allowance)
            finally:
                request.state.operation = wanted.kind
            return _response(result, kind, request.state.request_id)
        except TooOften as cause:
            refusal = too_often(cause)
            return _json(refusal.body, refusal.status, kind, refusal.headers)
        except Refused as refusal:
            return _json(refusal.body, refusal.status, kind, refusal.headers)

    async def answer_public(
        self, request: Request, wanted: Asked, allowance: Allowance, kind: str
    ) -> Response:
        """Anyone's answer: one that was kept, if nothing was written since."""
        version = self.answers.version()
        key = reuse.key_of(wanted, kind, today())
        found = self.answers.find(key) if version else None
        if found:
            wanted.kind = OperationType.QUERY.value
            allowance.spend(found.cost)
            return _public(request, found, kind)
        result = await self.execute(wanted, request.method, PUBLIC, allowance)
        document = execution.read(self.schema._schema, wanted.query)
        if result.errors or not reuse.is_public(document, wanted.operation_name):
            return _response(result, kind, request.state.request_id)
        body = orjson.dumps(answered(result, request.state.request_id))
        made = reuse.kept(body, kind, wanted.cost)
        if version and wanted.reusable:
            self.answers.keep(key, made, version)
        return _public(request, made, kind)

    async def authenticate(self, request: HTTPConnection) -> Actor:
        try:
            return await backend.actor_of(self.database, request.headers, secure=self.secure)
        except NotSignedIn as refusal:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise Refused(401, refusal.code, refusal.message, headers=challenge) from refusal
        except (DatabaseAway, DatabaseBusy) as cause:
            raise unusable(cause) from cause

    async def execute(
        self, wanted: Asked, method: str, actor: Actor, allowance: Allowance
    ) -> ExecutionResult:
        """Raises ``Refused`` for what HTTP has a status for, and ``TooOften``."""
        async with allowance.queries.place():
            return await self._execute(wanted, method, actor, allowance)

    async def _execute(
        self, wanted: Asked, method: str, actor: Actor, allowance: Allowance
    ) -> ExecutionResult:
        deadline = asyncio.timeout(DEADLINE)
        database = self.database if actor is PUBLIC else self.database.read_by(actor)
        reads = Reads(database, self.share, self.connections_per_request, deadline)
        try:
            async with deadline:
                context = self.context(wanted, actor, allowance, reads)
                result = await execution.run(self.schema._schema, context, OPERATIONS[method])
        except TimeoutError as late:
            if reads.failure:
                raise unusable(reads.failure) from late
            message = f"La requête a dépassé {DEADLINE:.0f} secondes."
            raise Refused(503, "TIMEOUT", message, headers=RETRY) from late
        except execution.UnknownOperation as unknown:
            message = "Le document ne contient pas l’opération demandée."
            raise Refused(400, "UNKNOWN_OPERATION", message) from unknown
        except execution.NotAllowed as refusal:
            raise _not_by(method, refusal.operation) from refusal
        for error in result.errors or ():
            _refuse_whole(error.original_error)
        return result

    def context(self, wanted: Asked, actor: Actor, allowance: Allowance, reads: Reads) -> Context:
        day = today()
        read = reads.read
        return Context(
            read,
            Loaders(read, day),
            day,
            self.stale_after_months,
            wanted,
            actor,
            partial(self.database.transaction, actor),
            allowance,
            partial(charge, self.database, self.writes_per_minute, actor),
            self.charters,
            reads.value,
        )


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise Refused(
            405,
            "METHOD_NOT_ALLOWED",
            f"La méthode {method} n’est pas admise.",
            headers={"Allow": ", ".join(METHODS)},
        )


def _refuse_whole(cause: Exception | None) -> None:
    """What one field met, and no other would escape."""
    match cause:
        case Refused():
            raise cause
        case DatabaseAway() | DatabaseBusy():
            raise unusable(cause) from cause


def _not_by(method: str, operation: OperationType) -> Refused:
    if operation is OperationType.MUTATION:
        message = f"Une mutation ne se fait pas par {method}."
        return Refused(405, "METHOD_NOT_ALLOWED", message, headers={"Allow": "POST"})
    return Refused(400, "SUBSCRIPTION_NOT_SUPPORTED", "Aucun abonnement n’est servi ici.")


def _response(result: ExecutionResult, kind: str, request_id: str) -> Response:
    answer = answered(result, request_id)
    refused = "data" not in answer
    return _json(answer, 400 if refused and kind == media.GRAPHQL_RESPONSE else 200, kind)


def _public(request: Request, answer: Kept, kind: str) -> Response:
    """Whoever keeps it asks first whether it is still so."""
    headers = {"ETag": answer.tag, "Cache-Control": "no-cache", "Vary": "Accept"}
    if request.method == "GET" and _matches(request.headers.get("if-none-match"), answer.tag):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, headers=headers, media_type=kind)


def _matches(tags: str | None, tag: str) -> bool:
    given = {part.strip().removeprefix("W/") for part in (tags or "").split(",")}
    return tag in given or "*" in given


def answered(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """The answer as it is sent; that of a request that was not executed has no ``data``."""
    errors = result.errors or []
    answer: dict[str, Any] = {}
    if errors:
        answer["errors"] = [presented(error, request_id) for error in errors[:MAX_ERRORS]]
    if result.data is not None or not _before_execution(errors):
        answer["data"] = result.data
    extensions = dict(result.extensions or {})
    if len(errors) > MAX_ERRORS:
        extensions["errorCount"] = len(errors)
    if extensions:
        answer["extensions"] = extensions
    return answer


def _before_execution(errors: list[GraphQLError]) -> bool:
    """Whether no field was executed: the error of a field has its path."""
    return bool(errors) and all(error.path is None for error in errors)


def _json(answer: object, status: int, kind: str, headers: Any = None) -> Response:
    return Response(orjson.dumps(answer), status, headers, media_type=kind)
