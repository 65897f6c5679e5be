from starlette.responses import Response

from registry.web.visits import Visit


async def show(visit: Visit) -> Response:
    return visit.page("home.html")
