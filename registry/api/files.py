"""Files by HTTP, beside GraphQL: bodies that come in time, refusals with their status."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from registry.api import media
from registry.api.errors import RETRY, Refused, by_http, too_often, unusable
from registry.auth.rates import Rates, TooOften
from registry.database import DatabaseAway, DatabaseBusy
from registry.domain.errors import DomainError
from registry.exchange.files import StorageAway

NOT_STORED = {"Cache-Control": "no-store"}


class Rated:
    """The application inside answers only those who do not ask too often."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self.app = app
        self.rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowance = self.rates.of_client(Request(scope))
        try:
            allowance.ask()
        except TooOften as cause:
            refusal = too_often(cause)
            headers = allowance.headers() | dict(refusal.headers or {})
            await told(refusal.body, refusal.status, headers)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


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
