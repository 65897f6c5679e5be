"""Signed claims: nothing of them is read before their signature, issuer and audience hold."""

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, KeySet, OctKey, RSAKey

from registry.auth.fetching import UnknownKey, Untrusted

BY_KEY_PAIR = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
)
BY_SECRET = ("HS256",)
SKEW = 60
"""Seconds by which clocks may differ."""


def shared_key(secret: str) -> OctKey:
    return OctKey.import_key(secret)


def key_set(body: bytes) -> KeySet:
    """The public keys of a provider. A secret in their midst would let anyone who reads it sign."""
    try:
        listed = json.loads(body)["keys"]
        keys = [key for data in listed if (key := _public_key(data))]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Untrusted("keys") from error
    return KeySet(keys)


def _public_key(data: object) -> Key | None:
    if (
        not isinstance(data, dict)
        or data.get("kty") not in {"RSA", "EC"}
        or data.get("use", "sig") != "sig"
    ):
        return None
    try:
        key = JWKRegistry.import_key(data)
    except (JoseError, ValueError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey) and not key.is_private else None


def claims(
    signed: str, keys: KeySet | OctKey, issuer: str, audience: str, *required: str
) -> Mapping[str, Any]:
    """What the text says, once it is proven. Raises ``UnknownKey`` or ``Untrusted``."""
    # The kind of key chooses the algorithms, never the text: a public key is no shared secret.
    algorithms = BY_SECRET if isinstance(keys, OctKey) else BY_KEY_PAIR
    try:
        said = jwt.decode(signed, keys, algorithms=algorithms).claims
        jwt.JWTClaimsRegistry(
            leeway=SKEW,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
        ).validate(said)
    except InvalidKeyIdError as unknown:
        raise UnknownKey from unknown
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise Untrusted(f"signed text: {type(error).__name__}") from error
    if missing := [name for name in required if said.get(name) is None]:
        raise Untrusted(f"no {missing[0]}")
    _check_party(said, audience)
    return said


def _check_party(said: Mapping[str, Any], audience: str) -> None:
    """A text made for several audiences must say that it was asked for by this one."""
    several = said["aud"] != audience and said["aud"] != [audience]
    if said.get("azp", None if several else audience) != audience:
        raise Untrusted("authorised party")
