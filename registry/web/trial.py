"""The page of the development sign-in."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from registry.auth import sessions, trial
from registry.auth.signing_in import SignInRefused
from registry.web.forms import received
from registry.web.signing import answered, entered
from registry.web.visits import PRIVATE, Visit

WORDS = {
    "MINISTRY": "Ministère",
    "VENDOR": "Éditeur",
    "COLLECTIVITE": "Collectivité",
    "OPERATOR": "Opérateur",
}

DAY = 86_400


@answered
async def identities(visit: Visit) -> Response:
    request = visit.request
    _check_local(request)
    if trial.is_code(visit.door.trial or "", request.query_params.get("code")):
        return _admitted(visit)
    _check_admitted(visit)
    known = await trial.identities(visit.database)
    back = request.query_params.get("retour", "")
    return visit.page("trial.html", identities=known, words=WORDS, back=back)


@answered
async def enter(visit: Visit) -> Response:
    door, request = visit.door, visit.request
    _check_local(request)
    _check_admitted(visit)
    form = await received(request)
    former = sessions.read(request.headers, sessions.SESSION, secure=door.settings.secure)
    signed_in = await trial.enter(
        door.database, form.get("organisation"), former, form.text("retour")
    )
    if signed_in is None:
        raise HTTPException(400)
    return entered(door, signed_in)


def _admitted(visit: Visit) -> Response:
    """The code goes from the address to a cookie: it is neither shown nor sent to others."""
    secure = visit.door.settings.secure
    response = RedirectResponse("/", 303, PRIVATE)
    code = visit.door.trial or ""
    sessions.write(response, sessions.TRIAL, code, secure=secure, seconds=DAY)
    return response


def _check_admitted(visit: Visit) -> None:
    """Raises ``SignInRefused`` for whom the terminal did not let in."""
    secure = visit.door.settings.secure
    given = sessions.read(visit.request.headers, sessions.TRIAL, secure=secure)
    if not trial.is_code(visit.door.trial or "", given):
        raise SignInRefused(
            "La connexion d’essai n’est ouverte qu’à qui a lancé le service : ouvrez dans ce"
            " navigateur l’adresse que le terminal affiche, celle qui contient « code= »."
        )


def _check_local(request: Request) -> None:
    if not trial.is_local(request.client.host if request.client else "", request.headers):
        raise HTTPException(404)
