from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import launching
from tests.browser.service import served
from tests.browser.visitors import Visitors


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return launching()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--base", help="the address with a code that a service on a demo shows")


@pytest.fixture(scope="session")
def entrance(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    given: str | None = request.config.getoption("--base")
    if given is not None:
        yield given.rstrip("/")
        return
    with served(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture(scope="session")
def visitors(browser: Browser, entrance: str) -> Visitors:
    return Visitors(browser, entrance)


@pytest.fixture(scope="session")
def base_url(visitors: Visitors) -> str:
    return visitors.base_url
