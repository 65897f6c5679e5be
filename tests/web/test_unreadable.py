"""What no text can hold is refused at every address of the site, and told on a page."""

import httpx2
import pytest
from starlette.routing import Route

from registry import app as root
from registry.app import create_app
from registry.auth.rates import Rates
from registry.database import Database
from registry.settings import Settings
from registry.web.look import Look
from registry.web.visits import Door
from tests.test_envelope import PARAMETER

UNREADABLE = ["%00", "%ED%A0%80", "a%00b", "%FF", "%EF%BF%BD"]
NAMES = ["q", "page", "departement", "retour", "code", "state", "apres", "siren", "tri", "niveau"]


@pytest.mark.parametrize("text", UNREADABLE)
async def test_an_address_that_is_no_text(database: Database, world: None, text: str) -> None:
    app = create_app(database, Settings(requests_per_minute=0))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    door = Door(database, Settings(), None, Rates(0, 0), Look(), trial=None)
    paths = {route.path for route in root._routes(door) if isinstance(route, Route)}
    faults = []
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry") as client:
        for path in sorted(paths):
            query = "&".join(f"{name}={text}" for name in NAMES)
            for address in (PARAMETER.sub(text, path), f"{PARAMETER.sub('1', path)}?{query}"):
                reply = await client.get(address, headers={"Accept": "text/html"})
                if reply.status_code >= 500:
                    faults.append(f"{address}: {reply.status_code}")
        page = await client.get(f"/recherche?q={text}", headers={"Accept": "text/html"})
    assert faults == []
    assert page.status_code == 400
    assert "n’est pas comprise" in page.text
