"""The composition root: what answers where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route

from registry.api.door import GraphQLDoor
from registry.database import Database
from registry.opening import opened
from registry.settings import Settings


def create_app(database: Database, settings: Settings) -> Starlette:
    return Starlette(routes=_routes(database, settings))


def serving() -> Starlette:
    """What a server's process runs: it opens the registry as it starts, as the settings say."""
    settings = Settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opened(settings) as database:
            app.router.routes.extend(_routes(database, settings))
            yield

    return Starlette(lifespan=lifespan)


def _routes(database: Database, settings: Settings) -> list[BaseRoute]:
    async def livez(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> PlainTextResponse:
        try:
            async with database.read() as session:
                await session.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return PlainTextResponse(
                "La base de données ne répond pas.\n", 503, {"Retry-After": "5"}
            )
        return PlainTextResponse("ok\n")

    return [
        Route("/graphql", GraphQLDoor(database, settings.stale_after_months)),
        Route("/livez", livez),
        Route("/readyz", readyz),
    ]
