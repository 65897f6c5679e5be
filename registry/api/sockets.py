"""GraphQL over WebSocket, for queries: whoever writes does so by HTTP."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from registry.api import frames, media
from registry.api.door import GraphQLDoor, answered
from registry.api.errors import LIMIT_EXCEEDED, RETRY, Refused, exceeded, too_often
from registry.api.frames import Closing, Said
from registry.api.requests import Asked, of_members
from registry.auth.rates import TooOften, caller

MAX_SOCKETS = 500
"""A process has about a thousand files: those who ask by HTTP keep their half."""
MAX_OPERATIONS = 20
PATIENCE = 10.0
"""Seconds before ``connection_init``."""
IDLE = 300.0
"""Seconds without a message."""

INTERNAL_ERROR = 1011
GOING_AWAY = 1001
CANCELLED = 499

GONE = (WebSocketDisconnect, RuntimeError)
"""The second one is what uvicorn says when it closed the socket itself."""


@dataclass(slots=True)
class Conversation:
    socket: WebSocket
    door: GraphQLDoor
    opened: float
    acknowledged: bool = False
    operations: int = 0
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)


class SocketDoor:
    """What is refused before the handshake has a status of HTTP; after it, a code of closing."""

    def __init__(self, door: GraphQLDoor, per_address: int) -> None:
        self.door = door
        self.per_address = per_address
        self.sockets: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        try:
            self._check(socket)
        except Refused as refusal:
            body = orjson.dumps(refusal.body)
            response = Response(body, refusal.status, refusal.headers, media_type=media.JSON)
            await socket.send_denial_response(response)
            return
        address = _address(socket)
        self.sockets[address] += 1
        try:
            await _converse(socket, self.door)
        finally:
            self.sockets[address] -= 1
            if not self.sockets[address]:
                del self.sockets[address]

    def _check(self, socket: WebSocket) -> None:
        """Also whether too many are held, by all or by this address."""
        if _is_foreign(socket.headers):
            message = "Une page d’un autre site ne peut pas ouvrir cette connexion."
            raise Refused(403, "CROSS_ORIGIN", message)
        if frames.PROTOCOL not in socket.scope["subprotocols"]:
            message = f"Le sous-protocole servi ici est {frames.PROTOCOL}."
            raise Refused(400, "SUBPROTOCOL_NOT_SUPPORTED", message)
        held, own = self.sockets.total(), self.sockets[_address(socket)]
        if held >= MAX_SOCKETS:
            raise _excess(503, "sockets", "Connexions WebSocket", held + 1, MAX_SOCKETS)
        if own >= self.per_address:
            what = "Connexions WebSocket de votre adresse"
            raise _excess(429, "socketsPerAddress", what, own + 1, self.per_address)


def _excess(status: int, limit: str, what: str, counted: int, allowed: int) -> Refused:
    message, details = exceeded(limit, what, counted, allowed)
    return Refused(status, LIMIT_EXCEEDED, message, headers=RETRY, details=details)


def _address(socket: WebSocket) -> str:
    return caller(socket.client.host if socket.client else "")


def _is_foreign(headers: Headers) -> bool:
    """Whether a page of another site asks. A program, which tells no origin, is not one."""
    origin = headers.get("origin")
    if origin is None:
        return False
    host = headers.get("host", "").lower()
    return not host or origin.lower() not in {f"http://{host}", f"https://{host}"}


async def _converse(socket: WebSocket, door: GraphQLDoor) -> None:
    await socket.accept(frames.PROTOCOL)
    held = Conversation(socket, door, asyncio.get_running_loop().time())
    closing: Closing | None = Closing(INTERNAL_ERROR, "Erreur interne.")
    try:
        async with asyncio.TaskGroup() as tasks:
            closing = await _listen(held, tasks)
            for running in held.running.values():
                running.cancel()
    finally:
        if closing:
            with suppress(*GONE):
                await socket.close(closing.code, closing.reason)


async def _listen(held: Conversation, tasks: asyncio.TaskGroup) -> Closing | None:
    """Why the socket is to be closed, if its client did not leave."""
    try:
        while True:
            await _take(held, await _received(held), tasks)
    except Closing as closing:
        return closing
    except WebSocketDisconnect:
        return None


async def _received(held: Conversation) -> Said:
    now = asyncio.get_running_loop().time()
    until = now + IDLE if held.acknowledged else held.opened + PATIENCE
    try:
        async with asyncio.timeout_at(until):
            return frames.said(await held.socket.receive())
    except TimeoutError as late:
        if held.acknowledged:
            raise Closing(GOING_AWAY, f"Rien n’a été dit depuis {IDLE:.0f} secondes.") from late
        reason = f"« connection_init » n’est pas venu en {PATIENCE:.0f} secondes."
        raise Closing(frames.LATE, reason) from late


async def _take(held: Conversation, message: Said, tasks: asyncio.TaskGroup) -> None:
    match message.type:
        case "connection_init":
            await _acknowledge(held)
        case "ping":
            await _tell(held, "pong", payload=message.payload)
        case "subscribe":
            await _start(held, message, tasks)
        case "complete":
            await _stop(held, message.id)


async def _acknowledge(held: Conversation) -> None:
    if held.acknowledged:
        raise Closing(frames.TWICE, "« connection_init » est déjà venu.")
    held.acknowledged = True
    await _tell(held, "connection_ack")


async def _start(held: Conversation, message: Said, tasks: asyncio.TaskGroup) -> None:
    if not held.acknowledged:
        raise Closing(frames.UNAUTHORIZED, "« connection_init » doit venir d’abord.")
    if message.id in held.running:
        raise Closing(frames.TAKEN, f"Une opération est en cours sous ce nom : {message.id}")
    try:
        wanted = of_members(message.payload or {})
    except Refused as refusal:
        raise frames.invalid(str(refusal)) from refusal
    if len(held.running) >= MAX_OPERATIONS:
        await _tell(held, "error", id=message.id, payload=_one_too_many().body["errors"])
        return
    task = tasks.create_task(_operate(held, message.id, wanted))
    held.running[message.id] = task
    task.add_done_callback(lambda _: held.running.pop(message.id))


async def _stop(held: Conversation, key: str) -> None:
    """Once it has ended, so that its name is free for the message that follows."""
    if running := held.running.get(key):
        running.cancel()
        await asyncio.wait([running])


async def _operate(held: Conversation, key: str, wanted: Asked) -> None:
    held.operations += 1
    state = held.socket.state
    number = f"{state.request_id}-{held.operations}"
    start = time.perf_counter()
    try:
        status, answer = await _answer(held, wanted, number)
    except asyncio.CancelledError:
        state.note(number, wanted.kind, CANCELLED, time.perf_counter() - start)
        raise
    state.note(number, wanted.kind, status, time.perf_counter() - start)
    if "data" in answer:
        await _tell(held, "next", id=key, payload=answer)
        await _tell(held, "complete", id=key)
    else:
        await _tell(held, "error", id=key, payload=answer["errors"])


async def _answer(held: Conversation, wanted: Asked, number: str) -> tuple[int, dict[str, Any]]:
    """As HTTP would: the status is for the log alone.

    Credentials came with the handshake, and may have been revoked since.
    """
    try:
        allowance = held.door.rates.of_client(held.socket)
        allowance.ask()
        actor = await held.door.authenticate(held.socket)
        result = await held.door.execute(wanted, "WebSocket", actor, allowance)
        answer = answered(result, number)
    except TooOften as cause:
        refusal = too_often(cause)
        return refusal.status, refusal.body
    except Refused as refusal:
        return refusal.status, refusal.body
    return 200 if "data" in answer else 400, answer


def _one_too_many() -> Refused:
    message, details = exceeded(
        "operations", "Opérations en cours", MAX_OPERATIONS + 1, MAX_OPERATIONS
    )
    return Refused(429, LIMIT_EXCEEDED, message, details=details)


async def _tell(held: Conversation, kind: str, **members: Any) -> None:
    present = {name: value for name, value in members.items() if value is not None}
    text = orjson.dumps({"type": kind} | present).decode()
    with suppress(*GONE):
        await held.socket.send_text(text)
