"""The page of the development sign-in."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from registry.auth import sessions, trial
from registry.web.forms import posted
from registry.web.pages import page
from registry.web.signing import Door, answered, entered

WORDS = {
    "MINISTRY": "Ministère",
    "VENDOR": "Éditeur",
    "COLLECTIVITE": "Collectivité",
    "OPERATOR": "Opérateur",
}


@answered
async def identities(door: Door, request: Request) -> Response:
    _check_local(request)
    return page("trial.html", identities=await trial.identities(door.database), words=WORDS)


@answered
async def enter(door: Door, request: Request) -> Response:
    _check_local(request)
    chosen = (await posted(request)).get("organisation", "")
    former = sessions.read(request.headers, sessions.SESSION, secure=door.secure)
    signed_in = await trial.enter(door.database, chosen, former)
    if signed_in is None:
        raise HTTPException(400)
    return entered(door, signed_in)


def _check_local(request: Request) -> None:
    if not trial.is_local(request.client.host if request.client else "", request.headers):
        raise HTTPException(404)
