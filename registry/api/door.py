"""GraphQL over HTTP."""

import uuid
from typing import Any

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from registry.api import loaders
from registry.api.context import Context
from registry.api.errors import presented
from registry.api.schema import build_schema
from registry.database import Database
from registry.domain.clock import today

NOT_AN_OBJECT = 'Un objet JSON est attendu : {"query": …, "variables": {…}}.'
NOT_JSON = "Le texte reçu n’est pas du JSON."


class GraphQLDoor(GraphQL[Context, None]):
    def __init__(self, database: Database, stale_after_months: int) -> None:
        super().__init__(build_schema(), graphql_ide=None, subscription_protocols=())
        self.database = database
        self.stale_after_months = stale_after_months

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self.run(Request(scope, receive))
        except HTTPException as refusal:
            response = _refused(refusal)
        await response(scope, receive, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        day = today()
        read = self.database.read
        return Context(read, loaders.make(read, day), day, self.stale_after_months)

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        answer: GraphQLHTTPResponse = {"data": result.data}
        if result.errors:
            request_id = uuid.uuid4().hex
            errors: list[Any] = [presented(error, request_id) for error in result.errors]
            answer["errors"] = errors
        return answer

    def decode_json(self, data: str | bytes) -> object:
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, NOT_JSON) from error
        if not isinstance(value, dict):
            raise HTTPException(400, NOT_AN_OBJECT)
        return value

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


def _refused(refusal: HTTPException) -> Response:
    error = {"message": refusal.reason, "extensions": {"code": "BAD_REQUEST"}}
    headers = {"Allow": "GET, POST"} if refusal.status_code == 405 else None
    return Response(
        orjson.dumps({"errors": [error]}),
        refusal.status_code,
        headers,
        media_type="application/json",
    )
