"""Around every answer: its number, the headers that protect it, a line in the log, a count."""

import logging
import time
import uuid
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.metrics import Metrics

SAFE = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
ANSWERS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}
SWITCHING_PROTOCOLS = 101
HTTPS_ONLY = {"strict-transport-security": "max-age=31536000; includeSubDomains"}

logger = logging.getLogger(__name__)


class Envelope:
    """``https``: the service is reached by HTTPS alone, and browsers are told so.

    A socket's line tells how it was refused or closed by the service, 101 when it was not; its
    door notes each operation with ``state.note``.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, https: bool) -> None:
        self.app = app
        self.metrics = metrics
        headers = SAFE | HTTPS_ONLY if https else SAFE
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = uuid.uuid4().hex
        state["note"] = partial(self._note, scope)
        status = 500
        start = time.perf_counter()

        async def sealed(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.close":
                status = message["code"]
            if message["type"] in ANSWERS:
                status = message.get("status", SWITCHING_PROTOCOLS)
                own = {name for name, _ in message.get("headers", ())}
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", state["request_id"].encode()),
                    *(header for header in self.headers if header[0] not in own),
                ]
            await send(message)

        try:
            await self.app(scope, receive, sealed)
        finally:
            operation = state.get("operation", "none" if scope["type"] == "http" else "socket")
            self._note(scope, state["request_id"], operation, status, time.perf_counter() - start)

    def _note(
        self, scope: Scope, request_id: str, operation: str, status: int, seconds: float
    ) -> None:
        self.metrics.note(operation, status, seconds)
        if logger.isEnabledFor(logging.INFO):
            fields = {
                "requestId": request_id,
                "method": scope.get("method", "WebSocket"),
                "path": scope["path"],
                "operation": operation,
                "status": status,
                "milliseconds": round(seconds * 1000, 1),
            }
            logger.info("request", extra={"fields": fields})
