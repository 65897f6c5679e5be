"""Files by HTTP, beside GraphQL: bodies that come in time, refusals with their status."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from registry.api import media
from registry.api.errors import RETRY, Refused, by_http, unusable
from registry.database import DatabaseAway, DatabaseBusy
from registry.domain.errors import DomainError
from registry.exchange.files import StorageAway

NOT_STORED = {"Cache-Control": "no-store"}


async def answered(work: Awaitable[Response]) -> Response:
    try:
        return await work
    except DomainError as refusal:
        refused = by_http(refusal)
    except (DatabaseAway, DatabaseBusy) as cause:
        refused = unusable(cause)
    except StorageAway as cause:
        refused = Refused(503, "UNAVAILABLE", str(cause), headers=RETRY)
    except Refused as refusal:
        refused = refusal
    return told(refused.body, refused.status, refused.headers)


def told(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Not to be stored: it is for who asks, as long as they may."""
    return Response(
        orjson.dumps(body), status, NOT_STORED | dict(headers or {}), media_type=media.JSON
    )


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
