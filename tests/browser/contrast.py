"""The contrast of a text that axe leaves to a person: in a drawing, or of one sign alone."""

from typing import Any

from playwright.sync_api import Page

MEASURED = """(target) => {
  const rgb = (paint) => (paint.match(/^rgba?\\(([^)]+)\\)$/)?.[1] ?? "").split(",").map(Number);
  const opaque = (paint) => { const [r, g, b, a = 1] = rgb(paint); return b >= 0 && a === 1; };
  const light = (paint) => rgb(paint).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const text = document.querySelector(target);
  text.scrollIntoView({ block: "center", inline: "center" });
  const drawn = (element) => element instanceof SVGElement && element.tagName !== "svg";
  const box = text.getBoundingClientRect(), style = getComputedStyle(text);
  const stack = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const grounds = stack.filter((element) => element !== text && !element.matches("text, tspan"))
    .map((element) => getComputedStyle(element)[drawn(element) ? "fill" : "backgroundColor"]);
  const own = drawn(text) ? [] : [style.backgroundColor];
  const ground = [...own, ...grounds].find(opaque), ink = drawn(text) ? style.fill : style.color;
  if (!ground || !opaque(ink)) return null;
  const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
  const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
  const wanted = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
  return { ink, ground, ratio: (bright + 0.05) / (dark + 0.05), wanted };
}"""


def fault(page: Page, target: str) -> str | None:
    """Of the element that this selector finds, against what is painted behind its middle."""
    found: Any = page.evaluate(MEASURED, target)
    if found is None:
        return "its colours are not those of one ink on one ground"
    if found["ratio"] >= found["wanted"]:
        return None
    return f"{found['ink']} on {found['ground']}: {found['ratio']:.2f} < {found['wanted']}"
