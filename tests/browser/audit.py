"""What is wrong with a page as it stands, by axe and by a few measures of our own."""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser import contrast

LEVELS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {
    "light": {"type": "tag", "values": LEVELS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""By theme: colours alone change from one to the other."""
OPENED = """() => {
  const opened = new CSSStyleSheet();
  opened.replaceSync(`
    .scroll { overflow: visible }
    html, body, main { max-width: none; min-width: 100%; width: max-content }
  `);
  document.adoptedStyleSheets = [opened];
}"""
"""Tables shown whole: axe can't tell what stands behind a cell that is scrolled away."""
BY_THE_EYE = """() => {
  const root = document.documentElement;
  const wide = [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
    .filter((element) => !element.closest(".scroll, pre"));
  return {
    lang: root.lang, title: document.title,
    headings: document.querySelectorAll("h1").length,
    overflow: root.scrollWidth - root.clientWidth,
    wide: wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)),
  };
}"""
FOCUSED = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const style = getComputedStyle(focused), box = focused.getBoundingClientRect();
  return {
    html: focused.outerHTML.slice(0, 120),
    skip: focused.matches("a.skip"),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
  };
}"""
STOPS = 15


def shape(page: Page) -> Iterator[str]:
    seen = page.evaluate(BY_THE_EYE)
    if seen["lang"] != "fr":
        yield f"lang: {seen['lang']!r}"
    if not seen["title"].removesuffix("– Raccord").strip():
        yield "no title"
    if seen["headings"] != 1:
        yield f"{seen['headings']} h1"
    if seen["overflow"] > 0:
        yield f"{seen['overflow']} pixels too wide: {seen['wide']}"


def accessibility(page: Page) -> Iterator[str]:
    """In both themes; the page is as wide as its tables from then on."""
    page.evaluate(OPENED)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        options = {"runOnly": RULES[theme], "resultTypes": ["violations", "incomplete"]}
        found = Axe().run(page, options=options).response
        for rule in found["violations"]:
            yield from (f"{theme}: {rule['id']}: {_told(node)}" for node in rule["nodes"])
        for rule in found["incomplete"]:
            if rule["id"] == "color-contrast":
                for node in rule["nodes"]:
                    if wrong := contrast.fault(page, *node["target"]):
                        yield f"{theme}: contrast: {node['target']} {wrong}"


def _told(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    reasons = "; ".join(check["message"] for check in checks)
    return f"{node['target']} {node['html'][:160]} {reasons}"


def keyboard(page: Page) -> Iterator[str]:
    """From the top of the page; the first stop is the way past the header."""
    for stop in range(STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            return
        if focused["skip"] != (stop == 0):
            yield f"stop {stop}: {focused['html']}"
        if not focused["outlined"]:
            yield f"no outline: {focused['html']}"
        if not focused["seen"]:
            yield f"out of sight: {focused['html']}"


def without_script(page: Page) -> Iterator[str]:
    """Its heading is there, and all that it offers to do is done by a form."""
    if page.locator("h1:visible").count() != 1:
        yield "no h1"
    for form in page.locator("form").all():
        if not form.locator("button:not([type=button])").count():
            yield f"a form without a button: {form.get_attribute('action')}"
    for button in page.locator("button:visible:not(form button)").all():
        yield f"a button that needs a script: {button.inner_text()}"
