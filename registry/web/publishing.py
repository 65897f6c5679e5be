"""What other sites and programs fetch again and again: kept for a while, and asked whether it
changed.
"""

import hashlib

from starlette.responses import RedirectResponse, Response

from registry.web.visits import Visit

KEPT = {
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def published(visit: Visit, content: str, media_type: str) -> Response:
    """The same for everyone, whoever asks."""
    tag = f'"{hashlib.sha256(content.encode()).hexdigest()[:24]}"'
    headers = {**KEPT, "ETag": tag}
    asked = visit.request.headers.get("if-none-match", "")
    known = {each.strip().removeprefix("W/") for each in asked.split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, media_type)


def elsewhere(path: str) -> Response:
    """A former key: what it names has its own address now."""
    return RedirectResponse(path, 308, KEPT)
