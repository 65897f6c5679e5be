"""A request's credentials, and who they are."""

from starlette.datastructures import Headers

from registry.auth import tokens
from registry.database import Database
from registry.domain import actors
from registry.domain import tokens as recorded
from registry.domain.actor import PUBLIC, SIGN_IN, Actor
from registry.domain.clock import now
from registry.domain.errors import NotSignedIn

REFUSED = "Ce jeton est inconnu, périmé ou révoqué."


async def actor_of(database: Database, headers: Headers) -> Actor:
    """Raises ``NotSignedIn`` for credentials that are no longer, or never were, good."""
    secret = _bearer(headers)
    if secret is None:
        return PUBLIC
    if not tokens.is_well_formed(secret):
        raise NotSignedIn(REFUSED)
    async with database.read() as session:
        token = await recorded.by_digest(session, tokens.digest(secret))
        actor = await actors.machine(session, token, now()) if token else None
    if token is None or actor is None:
        raise NotSignedIn(REFUSED)
    if recorded.is_use_due(token):
        async with database.transaction(SIGN_IN) as session:
            await recorded.note_use(session, token)
    return actor


def _bearer(headers: Headers) -> str | None:
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None
