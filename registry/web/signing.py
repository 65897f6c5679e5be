"""Signing in and out, and what one is once signed in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from registry.auth import backend, sessions, signing_in
from registry.auth.fetching import ProviderAway, Untrusted
from registry.auth.proconnect import Provider
from registry.auth.signing_in import SignedIn, SignInRefused
from registry.database import Database, DatabaseAway
from registry.domain import actors, web_sessions
from registry.domain.actor import PUBLIC
from registry.domain.errors import NotSignedIn
from registry.web.forms import posted
from registry.web.pages import PRIVATE, page, refusal

LIFETIME = int(web_sessions.LIFETIME.total_seconds())
ATTEMPT = int(web_sessions.ATTEMPT.total_seconds())
RETRY_AFTER = "30"


@dataclass(frozen=True, slots=True)
class Door:
    """What these pages need. ``trial``: identities of the demo registry can be tried."""

    database: Database
    provider: Provider | None
    secure: bool
    trial: bool


Endpoint = Callable[[Door, Request], Awaitable[Response]]


def answered(endpoint: Endpoint) -> Endpoint:
    """What keeps a person from signing in is told on a page."""

    @wraps(endpoint)
    async def run(door: Door, request: Request) -> Response:
        try:
            return await endpoint(door, request)
        except SignInRefused as refused:
            return refusal(
                403,
                "Connexion refusée",
                refused.rule,
                siret=refused.siret,
                organisation=refused.organisation,
            )
        except (ProviderAway, Untrusted):
            return _unavailable("Le service de connexion ne répond pas pour le moment.")
        except DatabaseAway:
            return _unavailable("La base de données du registre ne répond pas pour le moment.")

    return run


def _unavailable(rule: str) -> Response:
    response = refusal(503, "Connexion indisponible", rule)
    response.headers["Retry-After"] = RETRY_AFTER
    return response


@answered
async def sign_in(door: Door, request: Request) -> Response:
    if door.provider is None:
        return _without_provider(door)
    browser = _cookie(door, request, sessions.BROWSER) or sessions.generate()
    return_to = signing_in.local_path(request.query_params.get("retour"))
    url = await signing_in.attempt(door.database, door.provider, browser, return_to)
    response = _sent(url)
    _keep(door, response, sessions.BROWSER, browser, ATTEMPT)
    return response


@answered
async def back(door: Door, request: Request) -> Response:
    if door.provider is None:
        return _without_provider(door)
    signed_in = await signing_in.complete(
        door.database,
        door.provider,
        _cookie(door, request, sessions.BROWSER),
        _answer(request),
        _cookie(door, request, sessions.SESSION),
    )
    return entered(door, signed_in)


def entered(door: Door, signed_in: SignedIn) -> Response:
    response = _sent(signed_in.return_to)
    _keep(door, response, sessions.SESSION, signed_in.secret, LIFETIME)
    return response


@answered
async def sign_out(door: Door, request: Request) -> Response:
    """A page that goes on by itself: Chromium, whose form-action also bounds redirections, would
    not follow one to the provider, nor from there to the identity provider behind it.
    """
    fields = await posted(request)
    secret, url = _cookie(door, request, sessions.SESSION), None
    if secret:
        url = await signing_in.leave(
            door.database, door.provider, secret, everywhere="partout" in fields
        )
    response = page("signed_out.html", provider=url)
    if url:
        response.headers["Refresh"] = f"0; url={url}"
    sessions.forget(response, sessions.SESSION, secure=door.secure)
    return response


@answered
async def signed_out(_: Door, __: Request) -> Response:
    return page("signed_out.html", provider=None)


@answered
async def account(door: Door, request: Request) -> Response:
    try:
        actor = await backend.actor_of(door.database, request.headers, secure=door.secure)
    except NotSignedIn:
        actor = PUBLIC
    if actor is PUBLIC:
        return page("signed_off.html", proconnect=door.provider is not None, trial=door.trial)
    async with door.database.read() as session:
        capacities = await actors.capacities(session, actor)
    return page("account.html", actor=actor, capacities=capacities)


def _without_provider(door: Door) -> Response:
    if door.trial:
        return _sent("/connexion/essai")
    rule = "Ce registre n’est raccordé à aucun service de connexion : il se consulte seulement."
    return refusal(404, "Connexion impossible", rule)


def _answer(request: Request) -> dict[str, str]:
    """The provider's parameters; one that is said twice says nothing."""
    said = request.query_params
    return {name: said[name] for name in said if len(said.getlist(name)) == 1}


def _cookie(door: Door, request: Request, name: str) -> str | None:
    return sessions.read(request.headers, name, secure=door.secure)


def _keep(door: Door, response: Response, name: str, value: str, seconds: int) -> None:
    sessions.write(response, name, value, secure=door.secure, seconds=seconds)


def _sent(url: str) -> Response:
    return RedirectResponse(url, 303, PRIVATE)
