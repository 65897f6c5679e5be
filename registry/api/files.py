"""Files by HTTP, beside GraphQL: bodies that come in time, refusals with their status."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from registry.api import media
from registry.api.errors import Refused, by_http
from registry.auth import origins
from registry.database import DatabaseAway
from registry.domain.errors import DomainError


async def answered(work: Awaitable[Response]) -> Response:
    try:
        return await work
    except DomainError as refusal:
        refused = by_http(refusal)
    except DatabaseAway:
        message = "La base de données ne répond pas."
        refused = Refused(503, "UNAVAILABLE", message, headers={"Retry-After": "5"})
    except Refused as refusal:
        refused = refusal
    return told(refused.body, refused.status, refused.headers)


def told(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type=media.JSON)


def check_origin(request: Request) -> None:
    if origins.forged(request.headers):
        message = "Cette requête porte un cookie et ne vient pas d’une page de ce site."
        raise Refused(403, "CSRF", message)


async def patiently(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The body, if the whole of it comes in that time."""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                yield chunk
    except TimeoutError as late:
        message = f"Le fichier n’est pas arrivé en {seconds:.0f} secondes."
        raise Refused(408, "TIMEOUT", message) from late
    except ClientDisconnect as gone:
        raise Refused(400, "BAD_REQUEST", "Le fichier s’est interrompu.") from gone
