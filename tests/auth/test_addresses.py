"""Where the service says it is: as it is set, never as a stranger says."""

import pytest
from pydantic import ValidationError
from starlette.requests import Request

from registry.auth.origins import base_url
from registry.settings import Settings


@pytest.mark.parametrize(
    ("given", "site"),
    [
        ("https://raccord.example", "https://raccord.example"),
        ("https://raccord.example//", "https://raccord.example"),
        ("HTTPS://Raccord.Example/", "https://raccord.example"),
        ("https://raccord.example:443", "https://raccord.example"),
        ("https://raccord.example:8443/", "https://raccord.example:8443"),
        ("HTTP://LOCALHOST:8000", "http://localhost:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_a_public_address_has_one_spelling(given: str, site: str) -> None:
    settings = Settings(public_url=given)
    assert settings.public_url == site
    assert settings.secure is site.startswith("https:")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("https://exemple.example/raccord", "à la racine"),
        ("http://raccord.example", "https://"),
        ("raccord.example", "https://"),
        ("https://", "https://"),
        ("https://moi@raccord.example", "sans compte"),
        ("https://raccord.example?a=b", "sans compte"),
        ("https://raccord.example#a", "sans compte"),
        ("https://été.example", "accent"),
        ("https://raccord.example:99999", "mal formée"),
        ("https://[::1", "mal formée"),
    ],
)
def test_one_that_can_not_be_served_is_refused_with_its_reason(given: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings(public_url=given)


def asked(host: str) -> Request:
    headers = [(b"host", host.encode("latin-1"))]
    scope = {"type": "http", "scheme": "http", "server": ("192.0.2.1", 8000), "headers": headers}
    return Request(scope | {"path": "/", "query_string": b""})


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "LOCALHOST", "[::1]:8000", "192.0.2.1:8000"])
def test_a_host_of_this_machine_is_believed(host: str) -> None:
    assert base_url(asked(host), None) == f"http://{host.lower()}"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "", "a@127.0.0.1", "127.0.0.1/evil", "[::1", "é", "\0"],
)
def test_another_is_not(host: str) -> None:
    assert base_url(asked(host), None) == "http://192.0.2.1:8000"
    assert base_url(asked(host), "https://raccord.example") == "https://raccord.example"
