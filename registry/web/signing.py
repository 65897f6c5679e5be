"""Signing in and out, and what one is once signed in."""

from functools import wraps
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from registry.auth import sessions, signing_in
from registry.auth.fetching import ProviderAway, Untrusted
from registry.auth.signing_in import SignedIn, SignInRefused
from registry.database import DatabaseAway
from registry.domain import actors, web_sessions
from registry.web.errors import RETRY_AFTER
from registry.web.forms import received
from registry.web.visits import PRIVATE, Door, Endpoint, Visit

LIFETIME = int(web_sessions.LIFETIME.total_seconds())
ATTEMPT = int(web_sessions.ATTEMPT.total_seconds())


def answered(endpoint: Endpoint) -> Endpoint:
    """What keeps a person from signing in is told on a page."""

    @wraps(endpoint)
    async def run(visit: Visit) -> Response:
        try:
            return await endpoint(visit)
        except SignInRefused as refused:
            return refusal(
                visit,
                403,
                "Connexion refusée",
                refused.rule,
                siret=refused.siret,
                organisation=refused.organisation,
            )
        except (ProviderAway, Untrusted):
            return _unavailable(visit, "Le service de connexion ne répond pas pour le moment.")
        except DatabaseAway:
            return _unavailable(
                visit, "La base de données du registre ne répond pas pour le moment."
            )

    return run


def refusal(
    visit: Visit,
    status: int,
    title: str,
    rule: str,
    *,
    siret: str | None = None,
    organisation: str | None = None,
) -> Response:
    """The rule, what was seen, and the way out."""
    return visit.page(
        "refusal.html", status, title=title, rule=rule, siret=siret, organisation=organisation
    )


def _unavailable(visit: Visit, rule: str) -> Response:
    response = refusal(visit, 503, "Connexion indisponible", rule)
    response.headers["Retry-After"] = RETRY_AFTER
    return response


@answered
async def sign_in(visit: Visit) -> Response:
    door, request = visit.door, visit.request
    if door.provider is None:
        return _without_provider(visit)
    browser = _cookie(door, request, sessions.BROWSER) or sessions.generate()
    return_to = signing_in.local_path(request.query_params.get("retour"))
    url = await signing_in.attempt(door.database, door.provider, browser, return_to)
    response = _sent(url)
    _keep(door, response, sessions.BROWSER, browser, ATTEMPT)
    return response


@answered
async def back(visit: Visit) -> Response:
    door, request = visit.door, visit.request
    if door.provider is None:
        return _without_provider(visit)
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
async def sign_out(visit: Visit) -> Response:
    """A page that goes on by itself: Chromium, whose form-action also bounds redirections, would
    not follow one to the provider, nor from there to the identity provider behind it.
    """
    door, request = visit.door, visit.request
    form = await received(request)
    secret, url = _cookie(door, request, sessions.SESSION), None
    if secret:
        url = await signing_in.leave(
            door.database, door.provider, secret, everywhere=form.has("partout")
        )
    response = visit.page("signed_out.html", provider=url)
    if url:
        response.headers["Refresh"] = f"0; url={url}"
    sessions.forget(response, sessions.SESSION, secure=door.settings.secure)
    return response


@answered
async def signed_out(visit: Visit) -> Response:
    return visit.page("signed_out.html", provider=None)


@answered
async def account(visit: Visit) -> Response:
    if not visit.signed_in:
        door = visit.door
        offered = {"proconnect": door.provider is not None, "trial": door.trial is not None}
        return visit.page("signed_off.html", **offered)
    async with visit.database.read() as session:
        capacities = await actors.capacities(session, visit.actor)
    return visit.page("account.html", actor=visit.actor, capacities=capacities)


def _without_provider(visit: Visit) -> Response:
    if visit.door.trial:
        back = visit.request.query_params.get("retour")
        query = f"?{urlencode({'retour': back})}" if back else ""
        return _sent(f"/connexion/essai{query}")
    rule = "Ce registre n’est raccordé à aucun service de connexion : il se consulte seulement."
    return refusal(visit, 404, "Connexion impossible", rule)


def _answer(request: Request) -> dict[str, str]:
    """The provider's parameters; one that is said twice says nothing."""
    said = request.query_params
    return {name: said[name] for name in said if len(said.getlist(name)) == 1}


def _cookie(door: Door, request: Request, name: str) -> str | None:
    return sessions.read(request.headers, name, secure=door.settings.secure)


def _keep(door: Door, response: Response, name: str, value: str, seconds: int) -> None:
    sessions.write(response, name, value, secure=door.settings.secure, seconds=seconds)


def _sent(url: str) -> Response:
    return RedirectResponse(url, 303, PRIVATE)
