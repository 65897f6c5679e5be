"""The tables of a page, as their readers see them, but for the spaces within numbers."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.web.browsing import Page


@dataclass
class Table:
    caption: str = ""
    headings: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def row(self, name: str) -> dict[str, str]:
        """By heading, that of which a cell is ``name``."""
        found = next(row for row in self.rows if name in row)
        return dict(zip(self.headings, found, strict=True))


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.cell: list[str] | None = None
        self.head = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(Table())
        if tag in {"thead", "tbody"}:
            self.head = tag == "thead"
        if tag == "tr" and not self.head:
            self.tables[-1].rows.append([])
        if tag in {"th", "td", "caption"}:
            self.cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"th", "td", "caption"} or self.cell is None:
            return
        text = " ".join("".join(self.cell).replace("\u202f", "").split())
        if tag == "caption":
            self.tables[-1].caption = text
        elif self.head:
            self.tables[-1].headings.append(text)
        else:
            self.tables[-1].rows[-1].append(text)
        self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)


def tables(page: Page) -> list[Table]:
    assert page.status == 200, page.text
    return _Reader(page.reply.text).tables


def table(page: Page, caption: str) -> Table:
    found = [one for one in tables(page) if caption in one.caption]
    assert found, [one.caption for one in tables(page)]
    return found[0]
