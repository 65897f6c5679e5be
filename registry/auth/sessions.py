"""The cookies of a browser: its session, the secret that binds it to its sign-in attempts, and the
code of the trial sign-in.

``__Host-`` makes browsers refuse a cookie that came without HTTPS, with a domain, or for a part
of the site: no neighbouring site can plant one. On a loopback address without HTTPS, a plain name.
"""

import hashlib
import secrets
from collections.abc import Mapping

from starlette.requests import cookie_parser
from starlette.responses import Response

SESSION = "raccord"
BROWSER = "raccord-connexion"
TRIAL = "raccord-essai"
SECRET_BYTES = 32
SECRET_LENGTH = 43


def generate() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(*values: str) -> bytes:
    return hashlib.sha256("\0".join(values).encode()).digest()


def read(headers: Mapping[str, str], name: str, *, secure: bool) -> str | None:
    """A cookie of ours; what can't be one is none."""
    value = cookie_parser(headers.get("cookie", "")).get(_named(name, secure=secure))
    return value if value and len(value) == SECRET_LENGTH and value.isascii() else None


def write(response: Response, name: str, value: str, *, secure: bool, seconds: int) -> None:
    response.set_cookie(
        _named(name, secure=secure),
        value,
        max_age=seconds,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, name: str, *, secure: bool) -> None:
    response.delete_cookie(
        _named(name, secure=secure), path="/", secure=secure, httponly=True, samesite="lax"
    )


def _named(name: str, *, secure: bool) -> str:
    return f"__Host-{name}" if secure else name
