"""Whether a browser sends a request for a page of ours, or for another site's."""

from collections.abc import Mapping
from urllib.parse import urlsplit

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
