"""A request's credentials, and who they are."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from registry.auth import sessions, tokens
from registry.database import Database, DatabaseAway, DatabaseBusy
from registry.domain import actors, web_sessions
from registry.domain import tokens as recorded
from registry.domain.actor import PUBLIC, SIGN_IN, Actor
from registry.domain.clock import now
from registry.domain.errors import NotSignedIn

REFUSED = "Ce jeton est inconnu, périmé ou révoqué."

logger = logging.getLogger(__name__)


async def actor_of(database: Database, headers: Mapping[str, str], *, secure: bool) -> Actor:
    """The holder of the token, else the person whose browser it is, else the public.

    Raises ``NotSignedIn`` for a token that is no longer, or never was, good: a program must know.
    A session that ended makes its browser anyone's. ``secure``: see ``sessions``.
    """
    token = _bearer(headers)
    if token is not None:
        return await _machine(database, token)
    cookie = sessions.read(headers, sessions.SESSION, secure=secure)
    return await _person(database, sessions.digest(cookie)) if cookie else PUBLIC


async def _machine(database: Database, secret: str) -> Actor:
    if not tokens.is_well_formed(secret):
        raise NotSignedIn(REFUSED)
    async with database.read(SIGN_IN) as session:
        token = await recorded.by_digest(session, tokens.digest(secret))
        actor = await actors.machine(session, token, now()) if token else None
    if token is None or actor is None:
        raise NotSignedIn(REFUSED)
    if recorded.is_use_due(token):
        with _if_it_can_be_written():
            async with database.transaction(SIGN_IN, patience=0.0) as session:
                await recorded.note_use(session, token)
    return actor


async def _person(database: Database, digest: bytes) -> Actor:
    moment = now()
    async with database.read(SIGN_IN) as session:
        found = await web_sessions.current(session, digest, moment)
        if found is None:
            return PUBLIC
        actor = await web_sessions.person_of(session, *found)
    if web_sessions.is_due(found[0], moment):
        with _if_it_can_be_written():
            async with database.transaction(SIGN_IN, patience=0.0) as session:
                await web_sessions.use(session, digest, moment)
    return actor


@contextmanager
def _if_it_can_be_written() -> Iterator[None]:
    """Who reads doesn't wait for writers, nor for a database where nothing is written: the next
    request notes its use.
    """
    try:
        yield
    except (DatabaseAway, DatabaseBusy) as reason:
        logger.info("use not noted", extra={"fields": {"reason": str(reason)}})


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None
