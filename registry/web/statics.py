"""The files that pages load: named with their version, so that browsers keep them."""

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from registry.web.visits import COMPRESSED, Door, count

KEPT = "public, max-age=31536000, immutable"
CHECKED = "no-cache"


def route(door: Door) -> Route:
    return Route("/static/{name:str}", partial(_serve, door), middleware=COMPRESSED)


async def _serve(door: Door, request: Request) -> Response:
    count(door, request)
    file = door.look.statics.get(request.path_params["name"])
    if file is None:
        raise HTTPException(404)
    named = request.query_params.get("v") == file.version
    headers = {"Cache-Control": KEPT if named else CHECKED, "ETag": f'"{file.version}"'}
    return Response(file.content, media_type=file.media_type, headers=headers)
