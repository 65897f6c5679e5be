"""The page where a query is written and run. All that it loads comes from here."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE = Path(__file__).parent
FILES = {
    "/graphiql": ("page.html", "text/html"),
    "/graphiql/page.css": ("page.css", "text/css"),
    "/graphiql/page.js": ("page.js", "text/javascript"),
}


def routes() -> list[Route]:
    return [_file(path, PAGE / name, kind) for path, (name, kind) in FILES.items()]


def _file(path: str, file: Path, kind: str) -> Route:
    content = file.read_bytes()

    async def serve(_: Request) -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    return Route(path, serve)
