"""A browser without a script: pages, their links, and their forms, filled and sent as they are."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2

SENT = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class FilledForm:
    action: str
    method: str
    kind: str
    values: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return any(name == known for known, _ in self.values)


class Reader(HTMLParser):
    """What a page holds: its text, its links, its forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[FilledForm] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.inside: list[str] = []
        self.select: tuple[str, list[tuple[str, bool]]] | None = None
        self.area: str | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split()).replace("\u00a0", " ").replace("\u202f", " ")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"script", "style", "title"}:
            self.inside.append(tag)
        if tag == "a" and "href" in given:
            self.links.append((given["href"], ""))
            self.inside.append("a")
        if tag == "form":
            method, kind = given.get("method", "get"), given.get("enctype", "")
            self.forms.append(FilledForm(given.get("action", ""), method, kind))
        if self.forms:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form = self.forms[-1]
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") != "file":
            ticked = given.get("type") not in {"checkbox", "radio"} or "checked" in given
            if ticked:
                form.values.append((name, given.get("value", "on")))
        if tag == "select":
            self.select = (name, [])
        if tag == "option" and self.select is not None:
            self.select[1].append((given.get("value", ""), "selected" in given))
        if tag == "textarea":
            self.area = name
            form.values.append((name, ""))
        if tag == "button":
            self.inside.append("button")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self.select is not None:
            name, options = self.select
            chosen = [value for value, selected in options if selected] or [v for v, _ in options]
            self.forms[-1].values.append((name, chosen[0] if chosen else ""))
            self.select = None
        if tag == "textarea":
            self.area = None
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside[-1] in {"script", "style", "title"}:
            return
        self.words.append(data)
        if self.inside and self.inside[-1] == "a":
            address, words = self.links[-1]
            self.links[-1] = (address, " ".join((words + data).split()))
        if self.inside and self.inside[-1] == "button" and self.forms:
            self.forms[-1].buttons.append(data.strip())
        if self.area is not None:
            name, value = self.forms[-1].values[-1]
            self.forms[-1].values[-1] = (name, value + data.removeprefix("\n"))


@dataclass
class Page:
    """A page as it was answered, redirections followed."""

    reply: httpx2.Response

    def __post_init__(self) -> None:
        self.read = Reader(self.reply.text)

    @property
    def status(self) -> int:
        return self.reply.status_code

    @property
    def text(self) -> str:
        return self.read.text

    @property
    def path(self) -> str:
        return self.reply.url.raw_path.decode()

    def form(self, action: str, button: str | None = None) -> FilledForm:
        """The form that goes to that path, or whose ``button`` says so; one that writes first."""
        found = [
            form
            for form in self.read.forms
            if form.action.endswith(action) and (button is None or button in form.buttons)
        ]
        assert found, (action, [(form.action, form.buttons) for form in self.read.forms])
        return next((form for form in found if form.method == "post"), found[0])

    def link(self, words: str) -> str:
        found = [address for address, said in self.read.links if words in said]
        assert found, (words, self.read.links)
        return found[0]


@dataclass
class Browser:
    client: httpx2.AsyncClient

    async def open(self, path: str, **query: str) -> Page:
        return Page(await self.client.get(path, params=query or None))

    async def follow(self, page: Page, words: str) -> Page:
        return await self.open(page.link(words))

    async def send(self, form: FilledForm, files: Any = None, **values: str | list[str]) -> Page:
        """The form with these fields instead of its own; a list is several boxes."""
        said: dict[str, list[str]] = {}
        for name, value in form.values:
            said.setdefault(name, []).append(value)
        said |= {
            name: [value] if isinstance(value, str) else value for name, value in values.items()
        }
        if form.method == "get":
            return Page(await self.client.get(form.action, params=said))
        content: dict[str, Any] = {"data": said}
        if form.kind == "multipart/form-data":
            content["files"] = files or {"nothing": ("", b"")}
        return Page(await self.client.post(form.action, headers=SENT, **content))
