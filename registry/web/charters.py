"""The charter's text as a page shows it: titles, paragraphs, lists; the little Markdown it uses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from registry.exchange import charters
from registry.settings import Settings
from registry.web.french import spaced

PARTS = re.compile(r"(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`)")
TITLE, ITEM = re.compile(r"(#+) (.*)"), "- "


@dataclass(frozen=True, slots=True)
class Run:
    """Some words; ``kind`` is the element that says how: ``strong``, ``em``, ``code`` or none."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """``kind`` is ``title``, ``section``, ``paragraph`` or ``list``; a list has several lines."""

    kind: str
    lines: tuple[tuple[Run, ...], ...]


def text(settings: Settings, version: str) -> list[Block]:
    """Empty where the registry does not hold the text of that version."""
    held = charters.texts(settings.fixtures_dir / "charter").get(version, "")
    written = spaced(held)
    return [_block(part) for part in re.split(r"\n\s*\n", written.strip()) if part]


def _block(part: str) -> Block:
    title = TITLE.fullmatch(part)
    if title:
        return Block("title" if title[1] == "#" else "section", (_line(title[2]),))
    lines = part.splitlines()
    if all(line.startswith(ITEM) for line in lines):
        return Block("list", tuple(_line(line.removeprefix(ITEM)) for line in lines))
    return Block("paragraph", (_line(" ".join(lines)),))


def _line(text: str) -> tuple[Run, ...]:
    return tuple(_runs(text))


def _runs(text: str) -> Iterator[Run]:
    for part in filter(None, PARTS.split(text)):
        if part.startswith("**"):
            yield Run(part.strip("*"), "strong")
        elif part.startswith("*"):
            yield Run(part.strip("*"), "em")
        elif part.startswith("`"):
            yield Run(part.strip("`"), "code")
        else:
            yield Run(part)
