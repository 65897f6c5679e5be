"""Where a browser says that a request comes from."""

from starlette.datastructures import Headers


def is_foreign(headers: Headers) -> bool:
    """Whether a page of another site asks. A program, which tells no origin, is not one."""
    origin = headers.get("origin")
    if origin is None:
        return False
    host = headers.get("host", "").lower()
    return not host or origin.lower() not in {f"http://{host}", f"https://{host}"}
