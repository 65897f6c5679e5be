"""Debian's browser, quiet: what it does of itself is not the pages' doing."""

import shutil
from typing import Any

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserMissing(RuntimeError):
    """The message says how to install it."""


def launching() -> dict[str, Any]:
    found = shutil.which("chromium")
    if found is None:
        raise BrowserMissing("Chromium is missing: apt-get install chromium")
    return {"executable_path": found, "args": [*QUIET]}
