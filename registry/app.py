"""The composition root: what answers where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Lifespan
from starlette.websockets import WebSocket

from registry import background, metrics
from registry.api import bulk_declarations, evidence, graphiql
from registry.api.door import GraphQLDoor
from registry.api.files import Rated
from registry.api.schema import build_schema
from registry.api.sockets import SocketDoor
from registry.auth.proconnect import configured
from registry.auth.rates import Rates
from registry.auth.trial import check, read_code
from registry.database import Database
from registry.domain.rollout.upkeep import settle_soon
from registry.envelope import Envelope
from registry.metrics import Metrics
from registry.opening import obstacle, opened
from registry.settings import Settings
from registry.web import errors, visits
from registry.web.look import Look, look_of
from registry.web.routes import routes
from registry.web.visits import Door

CONNECT_TIMEOUT = 0.7
"""Seconds; with the check of a connection that froze, a caller waits less than one for a 503."""
STATEMENT_TIMEOUT = 15.0
"""Seconds; more than a request has, whose end cancels its statements: this is for what it can't."""

LOCK_TIMEOUT = 4.0
"""Seconds that a statement waits for another's lock before the caller is told to come back."""


def create_app(database: Database, settings: Settings, *, trial: str | None = None) -> ASGIApp:
    """``trial`` is the code of the development sign-in, which ``serve`` alone may open."""
    look = look_of(settings.site_dir)
    app = _app(look)
    _open(app, database, settings, look, trial=trial)
    return Envelope(app, Metrics(), https=settings.https)


def serving() -> ASGIApp:
    """What a server's process runs: it opens the registry as it starts, as the settings say."""
    return _serving(Settings(), trial=None)


def trying() -> ASGIApp:
    """Likewise, with the development sign-in."""
    settings = Settings()
    check(settings, "localhost")
    return _serving(settings, trial=read_code(settings))


def _serving(settings: Settings, *, trial: str | None) -> ASGIApp:
    # While the application is loaded, which the collector leaves alone: the door finds it built.
    build_schema()
    counts = Metrics()
    look = look_of(settings.site_dir)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            opened(
                settings,
                connect_timeout=CONNECT_TIMEOUT,
                statement_timeout=STATEMENT_TIMEOUT,
                lock_timeout=LOCK_TIMEOUT,
                write_share=settings.write_share,
                settle=settle_soon,
            ) as database,
            database.followed(),
            metrics.served(counts, settings.metrics_host, settings.metrics_port),
        ):
            _open(app, database, settings, look, trial=trial)
            with background.working(settings):
                yield

    return Envelope(_app(look, lifespan), counts, https=settings.https)


def _app(look: Look, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    async def refused(request: Request, refusal: Exception) -> Response:
        if not isinstance(refusal, HTTPException):
            raise refusal
        return await visits.refused(request.app.state.door, request, refusal)

    async def broken(request: Request, _: Exception) -> Response:
        return errors.broken(look, request)

    handlers = {HTTPException: refused, Exception: broken}
    app = Starlette(lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


def _open(
    app: Starlette, database: Database, settings: Settings, look: Look, *, trial: str | None
) -> None:
    rates = Rates(
        settings.requests_per_minute, settings.points_per_minute, settings.requests_at_once
    )
    door = Door(database, settings, configured(settings), rates, look, trial)
    app.state.door = door
    app.router.routes.extend(_routes(door))


def _routes(pages: Door) -> list[BaseRoute]:
    database, settings = pages.database, pages.settings

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        reason = await obstacle(database, settings)
        if reason is None:
            return PlainTextResponse("ok\n")
        return PlainTextResponse(f"{reason}\n", 503, {"Retry-After": "5"})

    door = GraphQLDoor(database, settings, pages.rates)
    rated = [
        *graphiql.routes(),
        *bulk_declarations.routes(database, settings),
        *evidence.routes(database, settings),
        Route("/readyz", readyz),
    ]
    for route in rated:
        route.app = Rated(route.app, pages.rates)
    return [
        Route("/graphql", door),
        WebSocketRoute("/graphql", SocketDoor(door, settings.sockets_per_address)),
        WebSocketRoute("/{path:path}", _no_socket),
        *rated,
        *routes(pages),
        Route("/livez", livez),
    ]


async def _no_socket(_: WebSocket) -> None:
    raise HTTPException(404)
