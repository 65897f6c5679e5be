"""ProConnect, or any OpenID Connect provider that speaks as it does: code flow, signed userinfo."""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from registry.auth.fetching import UnknownKey, Untrusted, fetch
from registry.settings import Address, Settings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet, OctKey

WELL_KNOWN = "/.well-known/openid-configuration"
NEEDED = ("openid", "email", "siret")
WELCOME = ("organization_label",)
"""Asked for where the provider lists it: it refuses what it doesn't know."""

KEY_SET_TYPES = ("application/jwk-set+json", "application/json")
DISCOVERY_LIFETIME = 3600.0
KEYS_LIFETIME = 3600.0
KEYS_PAUSE = 30.0
"""Seconds between two readings of the keys, however many unknown ones are named."""


Read = TypeVar("Read", bound=BaseModel)


class NotConfigured(ValueError):
    """The settings name a provider, and not all that it needs."""


class Discovery(BaseModel):
    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    userinfo_endpoint: Address
    jwks_uri: Address
    end_session_endpoint: Address | None = None
    code_challenge_methods_supported: list[str] = []
    scopes_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


class Tokens(BaseModel):
    access_token: str
    id_token: str


@dataclass(slots=True)
class Provider:
    """The provider as the settings name it, and what was last read of it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    public_url: str
    pkce: Literal["auto", "always", "never"]
    hs256: bool
    _discovery: tuple[float, Discovery] | None = None
    _keys: "tuple[float, KeySet] | None" = None

    @property
    def callback(self) -> str:
        return f"{self.public_url}/connexion/retour"

    @property
    def farewell(self) -> str:
        return f"{self.public_url}/deconnexion"

    async def discover(self) -> Discovery:
        now = time.monotonic()
        if self._discovery and now - self._discovery[0] < DISCOVERY_LIFETIME:
            return self._discovery[1]
        body = await fetch(self.issuer + WELL_KNOWN, "application/json")
        found = _parsed(Discovery, body)
        if found.issuer.rstrip("/") != self.issuer:
            raise Untrusted("issuer of the discovery")
        addresses = found.model_dump(include=ADDRESSES).values()
        if self.issuer.startswith("https:") and any(
            address and not address.startswith("https:") for address in addresses
        ):
            raise Untrusted("address of the discovery")
        self._discovery = now, found
        return found

    async def keys(self, *, unknown: bool = False) -> "KeySet | OctKey":
        """Those that sign; ``unknown``: a text names one that is not among those read before."""
        # A service that nobody signs in to verifies nothing, and starts without it.
        from registry.auth import signatures

        if self.hs256:
            return signatures.shared_key(self.client_secret)
        age = time.monotonic() - self._keys[0] if self._keys else KEYS_LIFETIME
        if self._keys and age < (KEYS_PAUSE if unknown else KEYS_LIFETIME):
            return self._keys[1]
        discovery = await self.discover()
        found = signatures.key_set(await fetch(discovery.jwks_uri, *KEY_SET_TYPES))
        self._keys = time.monotonic(), found
        return found

    async def claims(self, signed: str, *required: str) -> Mapping[str, Any]:
        from registry.auth import signatures

        issuer = (await self.discover()).issuer
        try:
            return signatures.claims(signed, await self.keys(), issuer, self.client_id, *required)
        except UnknownKey:
            keys = await self.keys(unknown=True)
        try:
            return signatures.claims(signed, keys, issuer, self.client_id, *required)
        except UnknownKey as unknown:
            raise Untrusted("unknown key") from unknown


ADDRESSES = {
    *("authorization_endpoint", "token_endpoint", "userinfo_endpoint"),
    *("jwks_uri", "end_session_endpoint"),
}


def configured(settings: Settings) -> Provider | None:
    """None where no provider is named. Raises ``NotConfigured``."""
    if settings.proconnect_url is None:
        return None
    secret = settings.proconnect_client_secret
    if not (settings.public_url and settings.proconnect_client_id and secret):
        raise NotConfigured(
            "RACCORD_PROCONNECT_URL demande aussi RACCORD_PROCONNECT_CLIENT_ID,"
            " RACCORD_PROCONNECT_CLIENT_SECRET et RACCORD_PUBLIC_URL."
        )
    return Provider(
        issuer=settings.proconnect_url.removesuffix(WELL_KNOWN).rstrip("/"),
        client_id=settings.proconnect_client_id,
        client_secret=secret.get_secret_value(),
        public_url=settings.public_url.rstrip("/"),
        pkce=settings.proconnect_pkce,
        hs256=settings.proconnect_hs256,
    )


async def wants_challenge(provider: Provider) -> bool:
    if provider.pkce != "auto":
        return provider.pkce == "always"
    return "S256" in (await provider.discover()).code_challenge_methods_supported


async def sign_in_url(provider: Provider, state: str, nonce: str, verifier: str | None) -> str:
    discovery = await provider.discover()
    offered = discovery.scopes_supported or ()
    said = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.callback,
        "scope": " ".join([*NEEDED, *(scope for scope in WELCOME if scope in offered)]),
        "state": state,
        "nonce": nonce,
    }
    if verifier is not None:
        challenge = hashlib.sha256(verifier.encode()).digest()
        said["code_challenge"] = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        said["code_challenge_method"] = "S256"
    return _with(discovery.authorization_endpoint, said)


async def sign_out_url(provider: Provider, id_token: str, state: str) -> str | None:
    endpoint = (await provider.discover()).end_session_endpoint
    if endpoint is None:
        return None
    return _with(
        endpoint,
        {
            "id_token_hint": id_token,
            "post_logout_redirect_uri": provider.farewell,
            "state": state,
        },
    )


async def exchange(
    provider: Provider, code: str, nonce: str, verifier: str | None
) -> tuple[Mapping[str, Any], str]:
    """What userinfo says of whoever brought the code, and the ID token that vouches for it.

    Raises ``ProviderAway`` or ``Untrusted``.
    """
    discovery = await provider.discover()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.callback,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
    } | ({"code_verifier": verifier} if verifier else {})
    body = await fetch(discovery.token_endpoint, "application/json", form=form)
    tokens = _parsed(Tokens, body)
    identity = await provider.claims(tokens.id_token, "exp", "iat", "nonce")
    if identity["nonce"] != nonce:
        raise Untrusted("nonce")
    signed = await fetch(discovery.userinfo_endpoint, "application/jwt", bearer=tokens.access_token)
    person = await provider.claims(_text(signed))
    if person["sub"] != identity["sub"]:
        raise Untrusted("subject")
    return person, tokens.id_token


def _parsed(kind: type[Read], body: bytes) -> Read:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise Untrusted(kind.__name__) from error


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise Untrusted("userinfo") from error


def _with(address: str, parameters: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
