"""Whoever asks may leave before the answer; what is done for them alone then stops."""

from starlette.requests import Request


async def left(request: Request) -> None:
    """Return once nobody waits for the answer. The body must have been read whole."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
