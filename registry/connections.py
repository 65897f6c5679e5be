"""HTTP connections are bounded: how many, from one address, and how slowly a client may speak."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from registry.auth.rates import caller
from registry.settings import Settings

LONGEST_HEAD = 65_536
"""Bytes; what comes of a body with the end of its head is not of it."""
PACE = 1_024
"""Bytes a second that a body brings at least, in each span of ``body_seconds``."""
STALLED = 60.0
"""Seconds in which a client that has an answer to read must read some of it."""
UNUSED = 1.0
"""Seconds left to a connection that never asked anything, once the service stops."""

TOO_SLOW = "La requête n’est pas arrivée à temps."
TOO_LONG = "L’en-tête de la requête est trop long."
MALFORMED = "Cette requête HTTP est mal formée."
FULL = "Le service tient déjà toutes les connexions qu’il peut : réessayez dans un instant."
TOO_MANY = "Votre adresse tient déjà toutes les connexions qu’elle peut : fermez-en."


@dataclass
class Connections:
    """Those of one process. A proxy that is trusted speaks for many clients, whose requests the
    rates count one by one: it is bounded by the total alone.
    """

    settings: Settings
    open: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        named = filter(None, self.settings.trusted_proxies.split(","))
        self.proxies = [ip_network(name.strip(), strict=False) for name in named]

    def refusal(self, address: str) -> tuple[HTTPStatus, str] | None:
        if self.open.total() >= self.settings.http_connections:
            return HTTPStatus.SERVICE_UNAVAILABLE, FULL
        if self.open[caller(address)] < self.settings.http_connections_per_address:
            return None
        return None if self._is_proxy(address) else (HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY)

    def leave(self, name: str) -> None:
        self.open[name] -= 1
        if not self.open[name]:
            del self.open[name]

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.proxies)


def protocol(settings: Settings) -> Any:
    """What makes the protocol of each connection of a server."""
    return partial(BoundedProtocol, Connections(settings))


class JoinedWrites:
    """The transport of an answer, whose head waits a moment for its body: both leave in one
    packet, for which a client is woken once.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self.loop = loop
        self.head: bytes | None = None
        self.began = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        if not self.began:
            self.began, self.head = True, data
            self.loop.call_soon(self._flush)
        elif self.head:
            self.transport.writelines([self._taken(), data])
        else:
            self.transport.write(data)

    def close(self) -> None:
        self._flush()
        self.transport.close()

    def _flush(self) -> None:
        if self.head:
            self.transport.write(self._taken())

    def _taken(self) -> bytes:
        head, self.head = self.head or b"", None
        return head


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which waits for nobody for ever.

    A head has ``head_seconds``, a body ``PACE``; a connection that is idle between two requests has
    uvicorn's ``timeout_keep_alive``. While the service stops, the next answer on each connection is
    its last one and says so: a client that keeps connections loses no request.
    """

    def __init__(self, connections: Connections, **given: Any) -> None:
        super().__init__(**given)
        self.held = connections
        self.settings = connections.settings
        self.counted: str | None = None
        self.awaited: Literal["head", "body"] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.stall: asyncio.TimerHandle | None = None
        self.received = 0
        self.paused = False
        self.draining = False

    def connection_made(  # type: ignore[override] # As uvicorn's: it serves streams alone.
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        refusal = self.held.refusal(address)
        if refusal:
            self._refuse(*refusal)
            return
        self.counted = caller(address)
        self.held.open[self.counted] += 1
        self._await("head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.awaited == "head" and self.received > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LONG)
        elif self.awaited is None and self._is_idle() and self.timeout_keep_alive_task is None:
            self._await("head")  # Blank lines alone: no request began, and none is kept alive.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self.awaited is None:
            self._await("head")

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = JoinedWrites(  # type: ignore[assignment] # It acts as one.
                self.transport, self.loop
            )
        self._await("body")
        if self.draining and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.paused = self.paused or self.flow.read_paused

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._await(None)

    def handle_websocket_upgrade(self) -> None:
        self._release()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST, MALFORMED)

    def shutdown(self) -> None:
        self.draining = True
        if not self._is_idle():
            self.cycle.keep_alive = False
        elif self.cycle is None and not self.received:
            self.loop.call_later(UNUSED, self._leave_unused)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_reader()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.transport.is_closing():
            self._watch_reader()
        elif self.stall:
            self.stall.cancel()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await(self, what: Literal["head", "body"] | None) -> None:
        if self.timer:
            self.timer.cancel()
        self.awaited, self.timer, self.paused = what, None, False
        if what != "head":
            self.received = 0
        if what and not self.transport.is_closing():
            settings = self.settings
            seconds = settings.head_seconds if what == "head" else settings.body_seconds
            self.timer = self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        if self.awaited == "body":
            if self.paused or self.flow.read_paused or self.received >= self._least():
                self._await("body")
            elif self.cycle.response_started:
                self._close()
            else:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)
        elif not self._is_idle():
            self.cycle.keep_alive = False  # The answer before this head is still on its way.
        elif self.received:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)
        else:
            self._close()

    def _least(self) -> float:
        return PACE * self.settings.body_seconds

    def _leave_unused(self) -> None:
        if self.cycle is None and not self.received:
            self._close()

    def _watch_reader(self) -> None:
        """An answer that waits for its reader shrinks from one look to the next, or is dropped."""
        if self.stall:
            self.stall.cancel()
        if unread := self.transport.get_write_buffer_size():
            self.stall = self.loop.call_later(STALLED, self._look_again, unread)

    def _look_again(self, unread: int) -> None:
        if self.transport.get_write_buffer_size() < unread:
            self._watch_reader()
        else:
            self.transport.abort()

    def _release(self) -> None:
        self._await(None)
        if self.stall:
            self.stall.cancel()
        if self.counted is not None:
            self.held.leave(self.counted)
            self.counted = None

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        body = f"{sentence}\n".encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "content-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\n"
            "cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
            "retry-after: 5\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self._close()

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
            self._watch_reader()
