"""How pages are made, and the files that they load; a folder of the settings may replace any."""

import hashlib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.web import french

# Jinja2 is loaded by the first page, not by the start of the service.
if TYPE_CHECKING:
    from jinja2 import Environment

ROOM = Path(__file__).parent
HTMX = "js_lib_htmx"
"""The installed package that htmx comes in; nothing of it runs but the script."""
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}


class Static(NamedTuple):
    content: bytes
    media_type: str
    version: str


class Look:
    """``folder`` holds the ``templates/`` and ``static/`` that replace those of the same name here.
    A template there may extend the one that it replaces, as ``raccord/base.html``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    @cached_property
    def statics(self) -> Mapping[str, Static]:
        """By name; the program's own, and whatever else the folder adds."""
        found = {path.name: path for path in (ROOM / "static").iterdir()}
        found["htmx.js"] = _htmx()
        if self.folder is not None and (self.folder / "static").is_dir():
            found |= {path.name: path for path in (self.folder / "static").iterdir()}
        return {name: _read(path) for name, path in found.items() if path.suffix in TYPES}

    def render(self, template: str, **values: Any) -> str:
        return self.templates.get_template(template).render(values)

    @cached_property
    def templates(self) -> "Environment":
        from jinja2 import (
            ChoiceLoader,
            Environment,
            FileSystemLoader,
            PrefixLoader,
            StrictUndefined,
        )
        from jinja2.ext import Extension

        class Typography(Extension):
            def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
                return french.spaced(source)

        own = FileSystemLoader(ROOM / "templates")
        theirs = [] if self.folder is None else [FileSystemLoader(self.folder / "templates")]
        environment = Environment(
            loader=ChoiceLoader([*theirs, own, PrefixLoader({"raccord": own})]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[Typography],
        )
        environment.globals.update(french.WORDS, static=self._address)
        environment.filters.update(french.FILTERS)
        return environment

    def _address(self, name: str) -> str:
        return f"/static/{name}?v={self.statics[name].version}"


@cache
def look_of(folder: Path | None) -> Look:
    """One for each folder: a template that it has compiled serves every application here."""
    return Look(folder)


def _htmx() -> Path:
    return Path(str(files(HTMX))) / "static" / "htmx" / "htmx.min.js"


def _read(path: Path) -> Static:
    content = path.read_bytes()
    return Static(content, TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:12])
