"""The pages of the ministry are the ministry's."""

import re

import pytest
from starlette.routing import Route

from registry.web.spaces import routes
from registry.web.visits import Endpoint
from tests.api.sides import EBENE
from tests.web.browsing import SENT, Browser


def _route(path: str, endpoint: Endpoint, method: str = "GET", **_: bool) -> Route:
    return Route(path, endpoint, methods=[method])


PAGES = [
    (method, re.sub(r"\{id:int\}", "1", route.path).format(siren=EBENE, noun="vendor"))
    for route in routes.routes(_route)
    for method in sorted((route.methods or set()) - {"HEAD"})
    if route.path.startswith("/espace/ministere")
]


def test_the_pages_are_seen() -> None:
    assert len(PAGES) > 35


@pytest.mark.parametrize(("method", "path"), PAGES)
async def test_all_others_are_refused(
    vendor: Browser, secretary: Browser, public: Browser, method: str, path: str
) -> None:
    for browser in (vendor, secretary):
        reply = await browser.client.request(method, path, headers=SENT)
        assert (reply.status_code, "Seul le ministère peut le faire." in reply.text) == (403, True)
    reply = await public.client.request(method, path, headers=SENT, follow_redirects=False)
    assert (reply.status_code, reply.headers["location"][:18]) == (303, "/connexion?retour=")


@pytest.mark.parametrize("path", [path for method, path in PAGES if method == "GET"])
async def test_no_page_of_it_breaks(analyst: Browser, path: str) -> None:
    assert (await analyst.open(path)).status in (200, 404)
