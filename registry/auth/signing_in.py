"""A browser's way in: an attempt, the provider, a session; and its way out."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models import SignInAttempt
from registry.auth import proconnect, sessions
from registry.auth.fetching import ProviderAway, Untrusted
from registry.auth.proconnect import Provider
from registry.database import Database
from registry.domain import actors, texts, web_sessions
from registry.domain.accounts import Person
from registry.domain.actor import SIGN_IN
from registry.domain.errors import InvalidInput
from registry.domain.identifiers import compact, is_siret

HOME = "/compte"
LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of this site, in visible ASCII: browsers take « \\ » for « / », and drop tabs."""
LONGEST_PATH = 1000

logger = logging.getLogger(__name__)


class SignInRefused(Exception):
    """``rule`` is French, for the person; ``siret`` and ``organisation`` are what was seen."""

    def __init__(self, rule: str, siret: str | None = None, organisation: str | None = None):
        super().__init__(rule)
        self.rule = rule
        self.siret = siret
        self.organisation = organisation


@dataclass(frozen=True, slots=True)
class SignedIn:
    secret: str
    return_to: str


STALE = (
    "Cette connexion n’a pas été commencée dans ce navigateur, a déjà servi, ou date de plus de"
    " dix minutes."
)
UNPROVEN = "La réponse du service de connexion n’a pas pu être vérifiée : elle n’est pas prise."


def local_path(text: str | None) -> str:
    """Where to go after: a path of this site, or the page of one's account."""
    if text and len(text) <= LONGEST_PATH and LOCAL.fullmatch(text):
        return text
    return HOME


async def attempt(database: Database, provider: Provider, browser: str, return_to: str) -> str:
    """The provider's page to send this browser to."""
    state, nonce = sessions.generate(), sessions.generate()
    verifier = sessions.generate() if await proconnect.wants_challenge(provider) else None
    url = await proconnect.sign_in_url(provider, state, nonce, verifier)
    begun = SignInAttempt(
        state_digest=sessions.digest(state, browser),
        nonce=nonce,
        verifier=verifier,
        return_to=return_to,
    )
    async with database.transaction(SIGN_IN) as session:
        await web_sessions.attempt(session, begun, datetime.now(UTC))
    return url


async def complete(
    database: Database,
    provider: Provider,
    browser: str | None,
    answer: Mapping[str, str],
    former: str | None,
) -> SignedIn:
    """Sign in whoever the provider's answer proves. Raises ``SignInRefused``, ``ProviderAway``."""
    attempt = await _take(database, browser, answer.get("state"))
    issuer = await _issuer(provider, answer)
    if "code" not in answer or "error" in answer:
        raise SignInRefused(
            "Le service de connexion n’a pas confirmé votre identité, ou vous avez renoncé."
        )
    try:
        claims, id_token = await proconnect.exchange(
            provider, answer["code"], attempt.nonce, attempt.verifier
        )
    except Untrusted as untrusted:
        raise _unproven(untrusted) from untrusted
    person = _person(issuer, claims)
    return await enter(database, person, attempt.return_to, former, id_token)


async def enter(
    database: Database,
    person: Person,
    return_to: str,
    former: str | None,
    id_token: str | None = None,
) -> SignedIn:
    """Open a session; who has no role yet is shown what their organisation lacks."""
    secret = sessions.generate()
    async with database.transaction(SIGN_IN) as session:
        account = await web_sessions.open_session(
            session,
            person,
            sessions.digest(secret),
            id_token=id_token,
            replaced=sessions.digest(former) if former else None,
        )
        actor = await actors.person(session, "", person.siret, label=None, email=account.email)
        known = await actors.capacities(session, actor)
    return SignedIn(secret, return_to if known else HOME)


async def leave(
    database: Database, provider: Provider | None, secret: str, *, everywhere: bool
) -> str | None:
    """End the session; the provider's page that ends its own, if it has one and answers."""
    async with database.transaction(SIGN_IN) as session:
        id_token = await web_sessions.end(
            session, sessions.digest(secret), datetime.now(UTC), everywhere=everywhere
        )
    if provider is None or id_token is None:
        return None
    try:
        return await proconnect.sign_out_url(provider, id_token, sessions.generate())
    except (ProviderAway, Untrusted):
        return None


async def _take(database: Database, browser: str | None, state: str | None) -> SignInAttempt:
    if browser is None or not state:
        raise SignInRefused(STALE)
    async with database.transaction(SIGN_IN) as session:
        attempt = await web_sessions.take_attempt(
            session, sessions.digest(state, browser), datetime.now(UTC)
        )
    if attempt is None:
        raise SignInRefused(STALE)
    return attempt


async def _issuer(provider: Provider, answer: Mapping[str, str]) -> str:
    """RFC 9207: an answer says from whom it comes, so that another provider's is not taken."""
    try:
        found = await provider.discover()
        said = answer.get("iss")
        if said != found.issuer and (
            said is not None or found.authorization_response_iss_parameter_supported
        ):
            raise Untrusted("issuer of the answer")
    except Untrusted as untrusted:
        raise _unproven(untrusted) from untrusted
    return found.issuer


def _unproven(reason: Untrusted) -> SignInRefused:
    logger.warning("sign-in refused", extra={"fields": {"reason": str(reason)}})
    return SignInRefused(UNPROVEN)


def _person(issuer: str, claims: Mapping[str, Any]) -> Person:
    said, organisation = claims.get("siret"), _label(claims.get("organization_label"))
    siret = compact(said) if isinstance(said, str) else ""
    seen = siret[:40] or None
    if not is_siret(siret):
        fault = "celui qui a été transmis n’en est pas un" if siret else "il n’a pas été transmis"
        raise SignInRefused(
            "Raccord reconnaît une organisation au SIRET de l’établissement qui vous emploie :"
            f" {fault}.",
            seen,
            organisation,
        )
    subject, email = claims["sub"], claims.get("email")
    try:
        texts.required("sub", subject, 255)
        email = texts.email("email", email if isinstance(email, str) else "")
    except InvalidInput as fault:
        rule = "Raccord a besoin d’une adresse électronique valide et d’un identifiant stable."
        raise SignInRefused(rule, siret, organisation) from fault
    return Person(issuer, subject, siret, email, organisation)


def _label(said: object) -> str | None:
    """The organisation's name, for display: one that can't be shown is left out."""
    try:
        return texts.optional("organization_label", said, 300) if isinstance(said, str) else None
    except InvalidInput:
        return None
