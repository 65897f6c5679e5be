from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from registry.auth.proconnect import Provider
from registry.database import Database
from registry.web import signing, trial
from registry.web.pages import ROOM
from registry.web.signing import Door, Endpoint


def routes(
    database: Database, provider: Provider | None, *, secure: bool, try_identities: bool = False
) -> list[Route]:
    """``try_identities`` opens the sign-in of the demo registry: see ``auth.trial``."""
    door = Door(database, provider, secure, try_identities)

    def at(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        answer: Callable[[Request], Awaitable[Response]] = partial(endpoint, door)
        return Route(path, answer, methods=[method])

    found = [
        at("/connexion", signing.sign_in),
        at("/connexion/retour", signing.back),
        at("/deconnexion", signing.signed_out),
        at("/deconnexion", signing.sign_out, "POST"),
        at("/compte", signing.account),
        Route("/static/page.css", _stylesheet()),
    ]
    if try_identities:
        found += [
            at("/connexion/essai", trial.identities),
            at("/connexion/essai", trial.enter, "POST"),
        ]
    return found


def _stylesheet() -> Callable[[Request], Awaitable[Response]]:
    content = (ROOM / "static" / "page.css").read_bytes()

    async def serve(_: Request) -> Response:
        return Response(content, media_type="text/css", headers={"Cache-Control": "no-cache"})

    return serve
