"""The cookies of a browser: its session, the secret that binds it to its sign-in attempts, and the
code of the trial sign-in.

``__Host-`` makes browsers refuse a cookie that came without HTTPS, with a domain, or for a part
of the site: no neighbouring site can plant one. On a loopback address without HTTPS, a plain name.
"""

import hashlib
import secrets
from collections.abc import Mapping

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
    value = cookie(headers, _named(name, secure=secure))
    return value if value and len(value) == SECRET_LENGTH and value.isascii() else None


def cookie(headers: Mapping[str, str], name: str) -> str | None:
    """The last one of that name, as it was sent: ours are never quoted.

    The standard library's reading of a quoted value takes the square of its length, which held
    the process for 24 s in a header of 64 kB.
    """
    value = None
    for part in headers.get("cookie", "").split(";"):
        key, _, given = part.partition("=")
        if key.strip() == name:
            value = given.strip()
    return value


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
