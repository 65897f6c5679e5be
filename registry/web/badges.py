"""The badge of a product: a picture that its vendor's or a town's own pages embed."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from registry.domain import products
from registry.domain.rollout import sheets
from registry.domain.rollout.sheets import Sheet
from registry.domain.rollout.verdicts import Verdict
from registry.domain.words import VERDICTS
from registry.web.french import day, level_word
from registry.web.publishing import elsewhere, published
from registry.web.visits import At, Visit

SUBJECT = "FranceConnect"
SILENT = "n’a rien déclaré à ce jour"
UNCONFIRMED = "à confirmer"
COLOURS = {
    Verdict.READY: "#14562f",
    Verdict.COST_UNKNOWN: "#624300",
    Verdict.SURCHARGE: "#8f1717",
    Verdict.NOT_INTEGRATED: "#8f1717",
    Verdict.NOT_CONCERNED: "#414c51",
}
"""Under white letters; the words say the same."""
NEUTRAL = COLOURS[Verdict.NOT_CONCERNED]
NARROW, WIDE, CAPITAL, OTHER = 3.5, 9.8, 8.0, 6.5
"""Widths of letters in the size of the badge; ``textLength`` makes any font keep to them."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some words on a ground, from ``x``; ``width`` includes what is left around them."""

    text: str
    x: int
    colour: str

    @property
    def length(self) -> int:
        return round(sum(map(_letter, self.text)))

    @property
    def width(self) -> int:
        return self.length + 14


def routes(at: At) -> list[Route]:
    return [at("/badges/{siren}/{slug}.svg", show)]


async def show(visit: Visit) -> Response:
    siren, slug = (visit.request.path_params[name] for name in ("siren", "slug"))
    async with visit.database.read() as session:
        product = await products.named(session, siren, slug)
        [sheet] = await sheets.of_products(session, [product], visit.today)
    if sheet.key != f"{siren}/{slug}":
        return elsewhere(f"/badges/{sheet.key}.svg")
    subject = Part(SUBJECT, 0, "#2b3438")
    said = Part(words(visit, sheet), subject.width, _colour(sheet))
    content = visit.door.look.render("badge.svg", sheet=sheet, parts=[subject, said])
    return published(visit, content, "image/svg+xml")


def words(visit: Visit, sheet: Sheet) -> str:
    """The state, how well founded it is, and since when."""
    if sheet.silent:
        return f"{SILENT} ({day(visit.today)})"
    parts = [VERDICTS[sheet.verdict]]
    if sheet.ground is not None and (level := level_word(sheet.level, sheet.ground.declared_by)):
        parts.append(level)
    parts.append(day(sheet.since or visit.today))
    if visit.stale(sheet.oldest):
        parts.append(UNCONFIRMED)
    return " · ".join(parts)


def _colour(sheet: Sheet) -> str:
    return NEUTRAL if sheet.silent else COLOURS[sheet.verdict]


def _letter(letter: str) -> float:
    if letter in "iljtfr.,:’' ·()\u00a0":
        return NARROW if letter != "r" else 4.4
    if letter in "mwMW":
        return WIDE
    return CAPITAL if letter.isupper() else OTHER
