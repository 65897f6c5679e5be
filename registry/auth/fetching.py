"""Asking the identity provider, which may be slow, away or hostile."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

TIMEOUT = 5.0
DEADLINE = 10.0
"""Seconds for the whole of an answer, however slowly it drips."""
MAX_BODY = 256_000


class ProviderAway(Exception):
    """The provider doesn't answer, or not now."""


class Untrusted(Exception):
    """What the provider answers can't be taken; the message is for the log, and names no person."""


class UnknownKey(Exception):
    """A signature names a key that is not in the provider's set: it may be a new one."""


async def fetch(
    url: str,
    *media_types: str,
    form: Mapping[str, str] | None = None,
    bearer: str | None = None,
) -> bytes:
    """The body of a 200 of such a type; a form is posted. Redirections are not followed.

    Raises ``ProviderAway`` or ``Untrusted``.
    """
    # A service that nobody signs in to asks nobody, and starts without it.
    import httpx2

    headers = {"Accept": ", ".join(media_types), "Accept-Encoding": "identity"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    try:
        async with (
            asyncio.timeout(DEADLINE),
            httpx2.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream("POST" if form else "GET", url, data=form, headers=headers) as reply,
        ):
            _check(reply, media_types)
            return await _body(reply)
    except (httpx2.TransportError, TimeoutError) as error:
        raise ProviderAway(type(error).__name__) from error


def _check(reply: "httpx2.Response", media_types: tuple[str, ...]) -> None:
    status = reply.status_code
    if status >= 500 or status == 429:
        raise ProviderAway(f"status {status}")
    if status != 200:
        raise Untrusted(f"status {status}")
    found = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in media_types:
        raise Untrusted("media type")
    if reply.headers.get("content-encoding", "identity").lower() != "identity":
        raise Untrusted("encoding")


async def _body(reply: "httpx2.Response") -> bytes:
    body = bytearray()
    async for chunk in reply.aiter_raw():
        body += chunk
        if len(body) > MAX_BODY:
            raise Untrusted("size")
    return bytes(body)
