"""The composition root: what answers where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Lifespan
from starlette.websockets import WebSocket

from registry import metrics
from registry.api import bulk_declarations, graphiql
from registry.api.door import GraphQLDoor
from registry.api.sockets import SocketDoor
from registry.database import Database, DatabaseError
from registry.envelope import Envelope
from registry.metrics import Metrics
from registry.opening import opened
from registry.settings import Settings

CONNECT_TIMEOUT = 0.7
"""Seconds; with the check of a connection that froze, a caller waits less than one for a 503."""
STATEMENT_TIMEOUT = 15.0
"""Seconds; more than a request has, whose end cancels its statements: this is for what it can't."""

SAID = {404: "Rien ne se trouve à cette adresse.", 405: "Cette méthode n’est pas admise ici."}


def create_app(database: Database, settings: Settings) -> ASGIApp:
    app = _app()
    app.router.routes.extend(_routes(database, settings))
    return Envelope(app, Metrics(), https=settings.https)


def serving() -> ASGIApp:
    """What a server's process runs: it opens the registry as it starts, as the settings say."""
    settings = Settings()
    counts = Metrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            opened(
                settings,
                connect_timeout=CONNECT_TIMEOUT,
                statement_timeout=STATEMENT_TIMEOUT,
            ) as database,
            metrics.served(counts, settings.metrics_host, settings.metrics_port),
        ):
            app.router.routes.extend(_routes(database, settings))
            yield

    return Envelope(_app(lifespan), counts, https=settings.https)


def _app(lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    handlers = {HTTPException: _refused, Exception: _broken}
    app = Starlette(lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


def _routes(database: Database, settings: Settings) -> list[BaseRoute]:
    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        try:
            async with database.read() as session:
                await session.execute(text("SELECT 1"))
        except DatabaseError:
            return PlainTextResponse(
                "La base de données ne répond pas.\n", 503, {"Retry-After": "5"}
            )
        return PlainTextResponse("ok\n")

    door = GraphQLDoor(database, settings.stale_after_months)
    return [
        Route("/graphql", door),
        WebSocketRoute("/graphql", SocketDoor(door)),
        WebSocketRoute("/{path:path}", _no_socket),
        *graphiql.routes(),
        *bulk_declarations.routes(database, settings),
        Route("/livez", livez),
        Route("/readyz", readyz),
    ]


async def _no_socket(_: WebSocket) -> None:
    raise HTTPException(404)


async def _refused(_: Request, refusal: Exception) -> Response:
    status, headers = 500, None
    if isinstance(refusal, HTTPException):
        status, headers = refusal.status_code, refusal.headers
    return PlainTextResponse(SAID.get(status, "Cette requête est refusée.") + "\n", status, headers)


async def _broken(request: Request, _: Exception) -> Response:
    number = request.state.request_id
    return PlainTextResponse(f"Erreur interne ; la signaler avec le numéro {number}.\n", 500)
