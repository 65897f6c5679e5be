"""How a page is made and sent."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

# The service starts without a page: the first one loads what makes them.
if TYPE_CHECKING:
    from jinja2 import Environment

ROOM = Path(__file__).parent
PRIVATE = {"Cache-Control": "no-store"}


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page that is made for its reader, and that nobody keeps."""
    content = _templates().get_template(template).render(values)
    return HTMLResponse(content, status, PRIVATE)


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def refusal(
    status: int, title: str, rule: str, *, siret: str | None = None, organisation: str | None = None
) -> HTMLResponse:
    """The rule, what was seen, and the way out."""
    return page(
        "refusal.html", status, title=title, rule=rule, siret=siret, organisation=organisation
    )
