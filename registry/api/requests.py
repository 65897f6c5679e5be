"""What a request of GraphQL over HTTP asks, once everything about its form is checked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect, Request

from registry.api import media
from registry.api.errors import LIMIT_EXCEEDED, Refused, exceeded
from registry.auth import origins

MAX_BODY = 100_000
MAX_URL = 8_000
MAX_JSON_DEPTH = 64
NUL = "\0"
NUL_REFUSED = "Un texte contient le caractère nul (U+0000) : à retirer."
PATIENCE = 10.0
"""Seconds that a body may take to come."""

Member = TypeVar("Member")


@dataclass(slots=True)
class Asked:
    """``kind`` and ``cost`` are told by the schema as soon as it has read the query;
    ``reusable``, by a field whose answer depends on more than the registry.
    """

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    kind: str = "unknown"
    cost: int = 0
    reusable: bool = True


async def asked(request: Request) -> Asked:
    """Raises ``Refused``."""
    _check_url(request)
    return of_members(_from_url(request) if request.method == "GET" else await _from_body(request))


def of_members(members: Mapping[str, object]) -> Asked:
    """Raises ``Refused``."""
    query = _member(members, "query", str, "une chaîne")
    if not query:
        raise _bad("Le membre « query » manque.")
    return Asked(
        query,
        _member(members, "variables", dict, "un objet"),
        _member(members, "operationName", str, "une chaîne"),
        _member(members, "extensions", dict, "un objet"),
    )


def check_origin(request: Request) -> None:
    """Raises ``Refused`` where a session would serve another site's page."""
    if origins.forged(request.headers):
        message = "Cette requête porte un cookie et ne vient pas d’une page de ce site."
        raise Refused(403, "CSRF", message)


def _check_url(request: Request) -> None:
    length = len(request.scope["path"].encode()) + len(request.scope["query_string"])
    if length > MAX_URL:
        raise _excess(414, "url", "Octets de l’adresse", length, MAX_URL)


def _from_url(request: Request) -> dict[str, object]:
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode(), keep_blank_values=True, errors="strict"
        )
    except UnicodeDecodeError as fault:
        raise _bad("L’adresse n’est pas de l’UTF-8.") from fault
    members: dict[str, object] = dict(pairs)
    if len(members) < len(pairs):
        raise _bad("Un paramètre est donné deux fois.")
    for name in ("variables", "extensions"):
        if name in members:
            members[name] = read_json(str(members[name]).encode()) if members[name] else None
    return members


async def _from_body(request: Request) -> Mapping[str, object]:
    _check_content_type(request)
    value = read_json(await _body(request))
    if not isinstance(value, dict):
        raise _bad('Un objet JSON est attendu : {"query": …, "variables": {…}}.')
    return value


def _check_content_type(request: Request) -> None:
    kind, parameters = media.parsed(request.headers.get("content-type", ""))
    if kind != media.JSON:
        raise _unsupported(f"Le corps doit être de type {media.JSON}.")
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise _unsupported("Le corps doit être en UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unsupported("Le corps ne doit pas être comprimé.")


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and len(announced) < 20:
        _check_size(int(announced))
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                _check_size(len(body))
    except TimeoutError as late:
        message = f"Le corps n’est pas arrivé en {PATIENCE:.0f} secondes."
        raise Refused(408, "TIMEOUT", message) from late
    except ClientDisconnect as gone:
        raise _bad("Le corps s’est interrompu.") from gone
    return bytes(body)


def _check_size(size: int) -> None:
    if size > MAX_BODY:
        raise _excess(413, "body", "Octets du corps", size, MAX_BODY)


def read_json(data: bytes) -> object:
    """Raises ``Refused``."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise _bad("Le texte reçu n’est pas du JSON en UTF-8.") from fault
    _check_values(value)
    return cast("object", value)


def _check_values(value: object) -> None:
    """Raises ``Refused`` for what is too deep, and for a text that no database can hold."""
    depth, level = 0, [value]
    while level:
        if any(isinstance(item, str) and NUL in item for item in level):
            raise _bad(NUL_REFUSED)
        level = [item for item in level if isinstance(item, dict | list)]
        depth += bool(level)
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else cast("list[object]", item))
        ]
    if depth > MAX_JSON_DEPTH:
        raise _excess(400, "jsonDepth", "Niveaux du JSON", depth, MAX_JSON_DEPTH)


def _member(
    members: Mapping[str, object], name: str, kind: type[Member], described: str
) -> Member | None:
    value = members.get(name)
    if value is not None and not isinstance(value, kind):
        raise _bad(f"Le membre « {name} » doit être {described}.")
    return value


def _bad(message: str) -> Refused:
    return Refused(400, "BAD_REQUEST", message)


def _unsupported(message: str) -> Refused:
    return Refused(415, "UNSUPPORTED_MEDIA_TYPE", message, headers={"Accept": media.JSON})


def _excess(status: int, limit: str, what: str, counted: int, allowed: int) -> Refused:
    message, details = exceeded(limit, what, counted, allowed)
    return Refused(status, LIMIT_EXCEEDED, message, details=details)
