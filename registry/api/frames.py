"""What a client says on a socket, in the sub-protocol graphql-transport-ws, once checked."""

from dataclasses import dataclass
from typing import Any

from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from registry.api.errors import Refused, exceeded
from registry.api.requests import read_json

PROTOCOL = "graphql-transport-ws"
MAX_FRAME = 128_000
MAX_REASON = 123

TOO_LONG = 1009
INVALID = 4400
UNAUTHORIZED = 4401
LATE = 4408
TAKEN = 4409
TWICE = 4429

OPERATIONS = ("subscribe", "complete")
TYPES = ("connection_init", "ping", "pong", *OPERATIONS)


class Closing(Exception):
    """The socket closes with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Said:
    """``id`` is empty where the type of the message has none."""

    type: str
    id: str
    payload: dict[str, Any] | None


def said(event: Message) -> Said:
    """Raises ``Closing``, or ``WebSocketDisconnect`` when the client has left."""
    message = _object(_text(event))
    kind, key, payload = message.get("type"), message.get("id"), message.get("payload")
    if not isinstance(kind, str) or kind not in TYPES:
        raise invalid("Le membre « type » doit être l’un de : " + ", ".join(TYPES) + ".")
    if payload is not None and not isinstance(payload, dict):
        raise invalid("Le membre « payload » doit être un objet.")
    if kind not in OPERATIONS:
        return Said(kind, "", payload)
    if not isinstance(key, str) or not key:
        raise invalid("Le membre « id » doit être une chaîne non vide.")
    if kind == "subscribe" and payload is None:
        raise invalid("Le membre « payload » manque.")
    return Said(kind, key, payload)


def invalid(reason: str) -> Closing:
    return Closing(INVALID, reason)


def _text(event: Message) -> bytes:
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event["code"])
    if event.get("text") is None:
        raise invalid("Un message est du texte.")
    text: bytes = event["text"].encode()
    if len(text) > MAX_FRAME:
        reason, _ = exceeded("frame", "Octets du message", len(text), MAX_FRAME)
        raise Closing(TOO_LONG, reason)
    return text


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = read_json(text)
    except Refused as refusal:
        raise invalid(str(refusal)) from refusal
    if not isinstance(value, dict):
        raise invalid('Un objet JSON est attendu : {"type": …}.')
    return value
