"""What no page may do while it is looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

LOCAL = ("data:", "blob:", "about:")


class Watch:
    """``faults``: errors and warnings, requests to others, answers that are none."""

    def __init__(self, window: BrowserContext, base_url: str, *, status: int = 200) -> None:
        """``status`` is what pages are to be answered with; what they load is always found."""
        self.base_url = base_url
        self.status = status
        self.faults: list[str] = []
        window.on("console", self._console)
        window.on("weberror", self._error)
        window.on("request", self._request)
        window.on("response", self._response)

    @contextmanager
    def refused(self, status: int) -> Iterator[None]:
        """What is sent meanwhile is to be answered with ``status``."""
        self.status, before = status, self.status
        yield
        self.status = before

    def _console(self, message: ConsoleMessage) -> None:
        refused = self.status >= 400 and "Failed to load resource" in message.text
        if message.type in {"error", "warning"} and not refused:
            self.faults.append(f"console: {message.type}: {message.text}")

    def _error(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", *LOCAL)):
            self.faults.append(f"request to another: {request.url}")

    def _response(self, response: Response) -> None:
        awaited = self.status if response.request.is_navigation_request() else 200
        redirected = 300 <= response.status < 400
        if response.status != awaited and not redirected:
            self.faults.append(f"{response.status}: {response.url}")
