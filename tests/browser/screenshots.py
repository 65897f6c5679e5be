"""``python -m tests.browser.screenshots FOLDER``: a picture of each page, in both themes and both
widths, of a demo registry that it loads, or of the service at ``--base``.
"""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.browser.chromium import launching
from tests.browser.pages import PAGES, Address
from tests.browser.service import served
from tests.browser.visitors import WIDTHS, Visitors


def main() -> None:
    names = [address.name for address in PAGES]
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base", help="the address with a code that it shows", metavar="URL")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--screen", action="store_true", help="what fits a screen, not all")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        base = asked.base or running.enter_context(
            served(Path(running.enter_context(TemporaryDirectory())))
        )
        browser = running.enter_context(sync_playwright()).chromium.launch(**launching())
        chosen = [address for address in PAGES if address.name in asked.only]
        take(Visitors(browser, base.rstrip("/")), chosen, asked.folder, full=not asked.screen)


def take(visitors: Visitors, addresses: Sequence[Address], folder: Path, *, full: bool) -> None:
    for address in addresses:
        for width in WIDTHS:
            with visitors.window(address.role, width) as window:
                page = window.new_page()
                page.goto(visitors.path(address))
                for theme in ("light", "dark"):
                    page.emulate_media(color_scheme=theme)
                    name = f"{address.name}-{width}-{theme}.png"
                    page.screenshot(path=folder / name, full_page=full)


if __name__ == "__main__":
    main()
