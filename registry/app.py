"""The composition root: what answers where."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from registry.api.door import GraphQLDoor
from registry.database import Database
from registry.settings import Settings


def create_app(database: Database, settings: Settings) -> Starlette:
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

    return Starlette(
        routes=[
            Route("/graphql", GraphQLDoor(database, settings.stale_after_months)),
            Route("/livez", livez),
            Route("/readyz", readyz),
        ]
    )
