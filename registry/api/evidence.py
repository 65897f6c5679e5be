"""Evidence: sent by PUT, read by GET by those who may."""

from functools import partial

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from registry.api import media
from registry.api.errors import LIMIT_EXCEEDED, Refused
from registry.api.files import answered, patiently, told
from registry.api.requests import check_origin
from registry.auth import backend, origins
from registry.auth.quotas import charge
from registry.database import Database
from registry.domain import evidence
from registry.domain.errors import InvalidInput, NotFound
from registry.exchange.evidence import LARGEST, SUFFIXES, judged, keep, path
from registry.exchange.files import allowance, check_whole
from registry.leaving import left
from registry.settings import Settings

PATIENCE = 120.0
"""Seconds that a whole file may take to come."""
ANYTHING = "application/octet-stream"
ALONE = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
"""Even opened in a browser, a file that somebody sent is nobody's page; who may read it changes."""


def routes(database: Database, settings: Settings) -> list[Route]:
    async def give(request: Request) -> Response:
        return await answered(_give(request, database, settings))

    async def show(request: Request) -> Response:
        return await answered(_show(request, database, settings))

    return [
        Route("/evidence", give, methods=["PUT"]),
        Route("/evidence/{digest:str}", show, methods=["GET"]),
    ]


async def _give(request: Request, database: Database, settings: Settings) -> Response:
    """201 with the address to cite; 200 where the organisation had given the same file."""
    check_origin(request)
    actor = await backend.actor_of(database, request.headers, secure=settings.secure)
    siren = evidence.depositor(actor, _organisation(request))
    await charge(database, settings.writes_per_minute, actor)
    announced = _announced(request)
    folder, body = settings.evidence_folder, patiently(request, PATIENCE)
    async with (
        judged(folder, body, announced, partial(left, request)) as (received, file),
        database.transaction(actor) as session,
    ):
        new = await evidence.give(session, actor, siren, file, allowance(settings))
        await keep(folder, received)
    name = file.digest.hex()
    url = f"{origins.base_url(request, settings.public_url)}/evidence/{name}"
    return told({"sha256": name, "url": url}, 201 if new else 200, {"Location": url})


async def _show(request: Request, database: Database, settings: Settings) -> Response:
    actor = await backend.actor_of(database, request.headers, secure=settings.secure)
    digest = _digest(request.path_params["digest"])
    async with database.read() as session:
        found = await evidence.readable(session, actor, digest)
    if found is None:
        raise NotFound("digest", "Aucune pièce que vous puissiez lire n’est à cette adresse.")
    place = path(settings.evidence_folder, digest)
    await check_whole(place, digest)
    return FileResponse(
        place,
        media_type=found.media_type,
        filename=f"piece-{digest.hex()[:12]}{SUFFIXES[found.media_type]}",
        headers=ALONE,
    )


def _organisation(request: Request) -> str | None:
    if unknown := set(request.query_params) - {"siren"}:
        raise InvalidInput(min(unknown), "Paramètre inconnu.")
    return request.query_params.get("siren")


def _announced(request: Request) -> str | None:
    """The type that the sender says; a body that is refused by its head is not read."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "Le corps ne doit pas être comprimé.")
    kind, _ = media.parsed(request.headers.get("content-type", ANYTHING))
    if kind not in {ANYTHING, *SUFFIXES}:
        accepted = ", ".join(SUFFIXES)
        message = f"{kind} n’est pas accepté ; ce qui l’est : {accepted}."
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", message)
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 19 or int(length) > LARGEST):
        raise Refused(413, LIMIT_EXCEEDED, f"Le fichier dépasse {LARGEST} octets.")
    return None if kind == ANYTHING else kind


def _digest(text: str) -> bytes:
    found = evidence.OURS.fullmatch(f"/evidence/{text}")
    if found is None:
        raise NotFound("digest", "Cette adresse n’est pas celle d’une pièce.")
    return bytes.fromhex(found[1])
