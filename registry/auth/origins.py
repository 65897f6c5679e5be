"""Whether a browser sends a request for a page of ours, or for another site's."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from registry.settings import LOOPBACK

OURS = {"same-origin", "none"}
"""Values of Sec-Fetch-Site; ``none`` is the person's own doing: an address typed, a bookmark."""


def forged(headers: Mapping[str, str]) -> bool:
    """A request that bears cookies, and that nothing says to come from a page of this service.

    Without cookies there is no session to abuse, and no other site can make a browser send a token.
    """
    if "cookie" not in headers or headers.get("authorization", "").lower().startswith("bearer "):
        return False
    return not from_our_page(headers)


def from_our_page(headers: Mapping[str, str]) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in OURS
    page = headers.get("origin") or headers.get("referer") or ""
    return same_host(page, headers.get("host", ""))


def same_host(page: str, host: str) -> bool:
    try:
        found = urlsplit(page)
    except ValueError:
        return False
    return found.scheme in {"http", "https"} and found.netloc.lower() == host.lower() != ""


def base_url(connection: HTTPConnection, public_url: str | None) -> str:
    """Where others reach this service, without a slash at its end.

    Without ``public_url``, a Host that names neither this machine nor the address that was reached
    is the caller's word alone: no link is made of it.
    """
    if public_url is not None:
        return public_url
    name, port = connection.scope.get("server") or ("localhost", None)
    host = connection.headers.get("host", "").lower()
    if _host_name(host) not in {*LOOPBACK, name}:
        host = f"[{name}]" if ":" in name else name
        host += f":{port}" if port else ""
    return f"{connection.scope['scheme']}://{host}"


def _host_name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname if parts.netloc == host and "@" not in host else None
    except ValueError:
        return None
