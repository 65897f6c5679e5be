"""The page of the development sign-in."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from registry.auth import sessions, trial
from registry.web.forms import received
from registry.web.signing import answered, entered
from registry.web.visits import Visit

WORDS = {
    "MINISTRY": "Ministère",
    "VENDOR": "Éditeur",
    "COLLECTIVITE": "Collectivité",
    "OPERATOR": "Opérateur",
}


@answered
async def identities(visit: Visit) -> Response:
    request = visit.request
    _check_local(request)
    known = await trial.identities(visit.database)
    back = request.query_params.get("retour", "")
    return visit.page("trial.html", identities=known, words=WORDS, back=back)


@answered
async def enter(visit: Visit) -> Response:
    door, request = visit.door, visit.request
    _check_local(request)
    form = await received(request)
    former = sessions.read(request.headers, sessions.SESSION, secure=door.settings.secure)
    signed_in = await trial.enter(
        door.database, form.get("organisation"), former, form.text("retour")
    )
    if signed_in is None:
        raise HTTPException(400)
    return entered(door, signed_in)


def _check_local(request: Request) -> None:
    if not trial.is_local(request.client.host if request.client else "", request.headers):
        raise HTTPException(404)
