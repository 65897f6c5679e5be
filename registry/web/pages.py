"""How a page is made and sent."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

ROOM = Path(__file__).parent
TEMPLATES = Environment(
    loader=FileSystemLoader(ROOM / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PRIVATE = {"Cache-Control": "no-store"}


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page that is made for its reader, and that nobody keeps."""
    content = TEMPLATES.get_template(template).render(values)
    return HTMLResponse(content, status, PRIVATE)


def refusal(
    status: int, title: str, rule: str, *, siret: str | None = None, organisation: str | None = None
) -> HTMLResponse:
    """The rule, what was seen, and the way out."""
    return page(
        "refusal.html", status, title=title, rule=rule, siret=siret, organisation=organisation
    )
