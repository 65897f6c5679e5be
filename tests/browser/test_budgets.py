"""What a page weighs, as it is transferred."""

import re

import httpx2

from tests.browser.pages import Address
from tests.browser.test_pages import every_page
from tests.browser.visitors import Visitors

PATIENCE = 60
"""Seconds: it is weight that is judged here."""
HTML, STYLE, SCRIPT = 60_000, 20_000, 25_000
LOADED = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')


@every_page
def test_a_page_is_light(visitors: Visitors, address: Address) -> None:
    cookies = [] if address.role is None else visitors.session(address.role)["cookies"]
    kept = {cookie["name"]: cookie["value"] for cookie in cookies}
    with httpx2.Client(base_url=visitors.base_url, cookies=kept, timeout=PATIENCE) as client:
        path = visitors.path(address)
        html = client.get(path, headers={"Accept": "text/html"}).text
        loaded = LOADED.findall(html)
        weights = {
            kind: sum(_weight(client, name) for name in loaded if f"{kind}?" in name)
            for kind in (".css", ".js")
        }
        assert _weight(client, path) <= HTML
        assert 0 < weights[".css"] <= STYLE
        assert 0 < weights[".js"] <= SCRIPT


def _weight(client: httpx2.Client, path: str) -> int:
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    with client.stream("GET", path, headers=headers) as reply:
        return sum(len(part) for part in reply.iter_raw())
