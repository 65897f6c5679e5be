"""What a form may send, and what happens when nothing can be written."""

import httpx2
import pytest

from registry.database import connected
from tests.auth.conftest import FORM, OUR_PAGE, Service, configured
from tests.auth.hostile import Provider


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"a=1", {"Content-Type": "application/json"}, 415),
        (b"a=1", {"Content-Type": "multipart/form-data; boundary=x"}, 400),
        (b"a=1", {}, 415),
        (b"a=1", {"Content-Type": "multipart/form-data; boundary=x" + ";a" * 200}, 415),
        (b"a=" + b"1" * 100_000, FORM, 413),
        (b"a=1&" * 201, FORM, 400),
        (b"a=%E9", FORM, 400),
        (b"a=%00", FORM, 400),
        (b"", FORM | {"Content-Type": "Application/x-www-form-urlencoded; charset=UTF-8"}, 200),
    ],
)
async def test_a_form_is_short_and_of_its_type(
    browser: httpx2.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    reply = await browser.post("/deconnexion", content=content, headers=OUR_PAGE | headers)
    assert reply.status_code == status
    assert "default-src 'none'" in reply.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/connexion", "/compte", "/connexion/retour?code=c&state=s"])
async def test_a_database_that_is_away_is_told(provider: Provider, path: str) -> None:
    cookies = f"__Host-raccord={'x' * 43}; __Host-raccord-connexion={'y' * 43}"
    async with (
        connected("postgresql://127.0.0.1:9/raccord", connect_timeout=1.0) as away,
        Service(away, configured(provider.url)).browser() as browser,
    ):
        reply = await browser.get(path, headers={"Cookie": cookies})
    assert reply.status_code == 503
    assert "base de données" in reply.text
    assert reply.headers["retry-after"] == "30"
