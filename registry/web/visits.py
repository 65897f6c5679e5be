"""A request for a page: who asks, what the page is made with, and what came of it."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match, Route

from models import Integration
from registry.auth import backend, origins, sessions
from registry.auth.proconnect import Provider
from registry.auth.rates import Rates, TooOften
from registry.database import Database, DatabaseAway, DatabaseBusy, DatabaseUnable
from registry.domain import web_sessions
from registry.domain.actor import PUBLIC, SIGN_IN, Actor
from registry.domain.clock import today
from registry.domain.errors import DomainError, NotAllowed, NotFound, NotSignedIn
from registry.domain.freshness import is_stale
from registry.domain.identifiers import record_number
from registry.domain.integrations import is_late
from registry.exchange.files import StorageAway
from registry.settings import Settings
from registry.web import errors
from registry.web.look import Look

PRIVATE = {"Cache-Control": "no-store"}
SAID = "raccord-dit"
"""The cookie of a sentence for the next page: what a form has just done."""
SAID_FOR = 60
UNREADABLE = {"\0", "\ufffd"}
"""What a text can't hold, and what stands for bytes that are no text."""
SIGNING = 600
"""As long as signing in may take."""
EXPIRED = (
    "Votre session a expiré avant cet envoi : rien n’a été enregistré, et ce que vous aviez écrit"
    " est à saisir de nouveau."
)
COMPRESSED = [Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)]


@dataclass(frozen=True, slots=True)
class Door:
    """What every page may need. ``trial`` is the code that opens the trial sign-in, if any."""

    database: Database
    settings: Settings
    provider: Provider | None
    rates: Rates
    look: Look
    trial: str | None


@dataclass(frozen=True, slots=True)
class Visit:
    """``actor`` is the public until a session or a token says otherwise."""

    door: Door
    request: Request
    actor: Actor
    today: date = field(default_factory=today)

    @property
    def database(self) -> Database:
        """What is read, the one who visits reads."""
        return self.door.database.read_by(self.actor) if self.signed_in else self.door.database

    @property
    def signed_in(self) -> bool:
        return self.actor is not PUBLIC

    @property
    def enhanced(self) -> bool:
        """htmx asks for the part of the page that it will replace."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def address(self) -> str:
        """The path and query that were asked."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    @property
    def base_url(self) -> str:
        """Of this service as others reach it, without a slash at its end."""
        return origins.base_url(self.request, self.door.settings.public_url)

    def number(self, name: str = "id") -> int:
        """What the address names by a number. Raises ``NotFound`` for one that no record has."""
        number = record_number(str(self.request.path_params[name]))
        if number is None:
            raise NotFound(name, "Rien n’a cet identifiant.")
        return number

    def stale(self, said_on: date | None) -> bool:
        """Whether what was said on that day is shown as « à confirmer »."""
        months = self.door.settings.stale_after_months
        return said_on is not None and is_stale(said_on, self.today, months)

    def late(self, row: Integration) -> bool:
        return is_late(row, self.today)

    def spend(self, points: int) -> None:
        """Before an answer that asks for work, as at the other door. Raises ``TooOften``."""
        self.door.rates.of_client(self.request).spend(points)

    def token(self) -> str:
        """For one form of one page: it proves that the form is ours, and names its sending, so
        that a second one does nothing more.
        """
        sending = secrets.token_urlsafe(18)
        return f"{sending}.{self._proof(sending)}"

    def sending(self, token: str) -> str | None:
        """What ``token`` names; None where it was not made for this session."""
        name, _, proof = token.partition(".")
        return name if hmac.compare_digest(proof.encode(), self._proof(name).encode()) else None

    def _proof(self, sending: str) -> str:
        secret = sessions.read(
            self.request.headers, sessions.SESSION, secure=self.door.settings.secure
        )
        return hmac.new((secret or "").encode(), sending.encode(), "sha256").hexdigest()[:32]

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page that is made for its reader, and that nobody keeps."""
        said = sessions.cookie(self.request.headers, self._said)
        content = self.door.look.render(
            template, visit=self, today=self.today, said=unquote(said) if said else None, **values
        )
        response = HTMLResponse(content, status, PRIVATE)
        if said and not self.enhanced:
            response.delete_cookie(self._said, **self._kept)
        return response

    def done(self, to: str, said: str, seconds: int = SAID_FOR) -> Response:
        """Go on to a page of ours, which says what was done."""
        response = RedirectResponse(to, 303, PRIVATE)
        response.set_cookie(self._said, quote(said, safe=""), seconds, **self._kept)
        return response

    def sign_in(self) -> Response:
        """Go and sign in, then come back to this page, or to that of the form that was sent."""
        typed = getattr(self.request.state, "typed", None)
        if typed is not None:
            return self.page("expired.html", 401, typed=typed, back=self._form_page())
        asking = self.request.method == "GET"
        back = self.address if asking else self._form_page()
        to = f"/connexion?{urlencode({'retour': back})}"
        return RedirectResponse(to, 303, PRIVATE) if asking else self.done(to, EXPIRED, SIGNING)

    async def was_signed_in(self) -> bool:
        """Whether this browser bears the secret of a session that ended."""
        secure = self.door.settings.secure
        secret = sessions.read(self.request.headers, sessions.SESSION, secure=secure)
        if secret is None:
            return False
        async with self.database.read(SIGN_IN) as session:
            return await web_sessions.was_open(session, sessions.digest(secret))

    def _form_page(self) -> str:
        sender, host = self.request.headers.get("referer", ""), self.request.headers.get("host", "")
        known = [self.request.url.path]
        if origins.same_host(sender, host):
            known.insert(0, urlunsplit(("", "", *urlsplit(sender)[2:4], "")))
        return next(filter(self._is_page, known), "/")

    def _is_page(self, address: str) -> bool:
        asked = {**self.request.scope, "method": "GET", "path": unquote(address.partition("?")[0])}
        return any(route.matches(asked)[0] is Match.FULL for route in self.request.app.routes)

    @property
    def _said(self) -> str:
        return f"__Host-{SAID}" if self.door.settings.secure else SAID

    @property
    def _kept(self) -> dict[str, Any]:
        return {
            "path": "/",
            "secure": self.door.settings.secure,
            "httponly": True,
            "samesite": "lax",
        }


Endpoint = Callable[[Visit], Awaitable[Response]]
At = Callable[..., Route]
"""``at(path, endpoint, method, compressed=True)``: the route of a page."""


def opening(door: Door) -> At:
    def at(path: str, endpoint: Endpoint, method: str = "GET", *, compressed: bool = True) -> Route:
        answer = partial(_answered, door, endpoint)
        middleware = COMPRESSED if compressed else None
        return Route(path, answer, methods=[method], middleware=middleware)

    return at


async def _answered(door: Door, endpoint: Endpoint, request: Request) -> Response:
    """What the domain refuses where no form can show it is told on a page."""
    visit = Visit(door, request, PUBLIC)
    try:
        request.state.counted = True
        allowance = door.rates.of_client(request)
        allowance.ask()
        check_readable(request)
        async with allowance.pages.place():
            visit = Visit(door, request, await _actor(door, request))
            return await endpoint(visit)
    except TooOften as cause:
        return errors.too_often(visit, cause)
    except NotSignedIn:
        return visit.sign_in()
    except NotAllowed as refusal:
        return errors.page(visit, 403, refusal.message)
    except NotFound as refusal:
        return errors.page(visit, 404, refusal.message)
    except DomainError as refusal:
        return errors.page(visit, 400, refusal.message)
    except DatabaseUnable as cause:
        return errors.page(visit, 503, str(cause))
    except (DatabaseAway, DatabaseBusy):
        return errors.page(visit, 503)
    except StorageAway as cause:
        return errors.page(visit, 503, str(cause))
    finally:
        if hasattr(request.state, "sent"):
            await request.state.sent.close()


def check_readable(request: Request) -> None:
    """Raises ``HTTPException``: 400 where the address holds what no text can."""
    query = unquote(request.scope["query_string"].decode(errors="replace"))
    if UNREADABLE & {*request.scope["path"], *query}:
        raise HTTPException(400)


def count(door: Door, request: Request) -> None:
    """A request for what is no page. Raises ``HTTPException``: 429."""
    request.state.counted = True
    try:
        door.rates.of_client(request).ask()
    except TooOften as cause:
        raise HTTPException(429, headers={"Retry-After": str(cause.wait)}) from cause


async def refused(door: Door, request: Request, refusal: HTTPException) -> Response:
    """Outside any page, or by one that can't show it: an unknown address, a method that is not
    admitted, a form without its token. Who asks is told on a page alone, if the database answers.
    """
    if not hasattr(request.state, "counted"):
        try:
            count(door, request)
        except HTTPException as too_often:
            refusal = too_often
    headers = dict(refusal.headers or {})
    if not errors.for_people(request):
        return errors.line(request, refusal.status_code, headers)
    try:
        actor = await _actor(door, request)
    except (DatabaseAway, DatabaseBusy):
        actor = PUBLIC
    response = errors.page(Visit(door, request, actor), refusal.status_code)
    response.headers.update(headers)
    return response


async def _actor(door: Door, request: Request) -> Actor:
    try:
        return await backend.actor_of(door.database, request.headers, secure=door.settings.secure)
    except NotSignedIn:
        return PUBLIC
