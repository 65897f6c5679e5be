"""What other sites and programs fetch again and again: kept for a while, and asked whether it
changed.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from registry.web.visits import Visit

WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
OPEN = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Range, ETag, Last-Modified",
}
"""Pages of other sites may read it."""
KEPT = {**OPEN, "Cache-Control": "public, max-age=300"}


def published(visit: Visit, content: str, media_type: str) -> Response:
    """The same for everyone, whoever asks."""
    tag = f'"{hashlib.sha256(content.encode()).hexdigest()[:24]}"'
    headers = {**KEPT, "ETag": tag}
    if unchanged(visit.request, headers):
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, media_type)


def unchanged(request: Request, headers: Mapping[str, str]) -> bool:
    """Whether who asks has what ``headers`` tell of (RFC 9110, 13.2.2): by its tag, or its date
    where no tag is told.
    """
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {each.strip().removeprefix("W/") for each in tags.split(",")}
        return headers["ETag"] in known or "*" in known
    since = _moment(request.headers.get("if-modified-since"))
    modified = _moment(headers.get("Last-Modified"))
    return since is not None and modified is not None and modified <= since


def accepts_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "").lower()
    weights = dict(_weighed(part) for part in accepted.split(","))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weighed(coding: str) -> tuple[str, float]:
    name, _, parameters = coding.partition(";")
    weight = WEIGHT.fullmatch(parameters.strip()) if parameters else None
    return name.strip(), float(weight[1]) if weight else float(not parameters)


def _moment(text: str | None) -> datetime | None:
    """A date of HTTP; what is none says nothing."""
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def elsewhere(path: str) -> Response:
    """A former key: what it names has its own address now."""
    return RedirectResponse(path, 308, KEPT)
