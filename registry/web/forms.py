"""What a page's form sends: from a page of ours, short, and once each field."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from registry.auth import origins

MAX_BODY = 10_000
MAX_FIELDS = 50
TYPE = "application/x-www-form-urlencoded"


async def posted(request: Request) -> dict[str, str]:
    """Raises ``HTTPException``: 403 for another site's form, 413, 415, 400."""
    if not origins.from_our_page(request.headers):
        raise HTTPException(403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TYPE:
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error
    return dict(fields)
