"""The Atom feed of what was said last of products."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from models import Vendor
from registry.domain import news, vendors
from registry.domain.errors import NotFound
from registry.domain.news import News
from registry.web.publishing import published
from registry.web.queries import Query
from registry.web.timeline import Step, of_step
from registry.web.visits import At, Visit

ENTRIES = 50
BEGINNING = "2022-03-07"
"""The day of the charter: names of entries are of an authority at a date (RFC 4151)."""
NOTHING_YET = datetime(2022, 3, 7, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """``path`` is where its subject is told."""

    step: Step
    subject: str
    path: str
    updated: datetime


def routes(at: At) -> list[Route]:
    return [at("/flux.atom", show)]


async def show(visit: Visit) -> Response:
    siren = Query.of(visit.request, ("editeur",), paging=()).get("editeur")
    async with visit.database.read() as session:
        vendor = None if siren is None else await vendors.by_siren(session, siren, "editeur")
        if siren is not None and vendor is None:
            raise NotFound("editeur", f"Le registre ne connaît pas d’éditeur de SIREN {siren}.")
        rows = await news.latest(session, ENTRIES, vendor.recorded_id if vendor else None)
    entries = [_entry(row) for row in rows]
    content = visit.door.look.render(
        "feed.atom",
        base=visit.base_url,
        authority=f"{_host(visit)},{BEGINNING}",
        entries=entries,
        vendor=vendor,
        updated=max((entry.updated for entry in entries), default=NOTHING_YET),
    )
    return published(visit, content, "application/atom+xml")


def _entry(row: News) -> Entry:
    home = _home(row.vendor)
    step = of_step(row.step, row.contested)
    if row.product is None:
        return Entry(step, row.vendor.name, home, row.updated)
    subject = f"{row.product.name} ({row.vendor.name})"
    return Entry(step, subject, f"{home}/{row.product.slug}", row.updated)


def _home(vendor: Vendor) -> str:
    return f"/editeurs/{vendor.siren}"


def _host(visit: Visit) -> str:
    return urlsplit(visit.base_url).hostname or "raccord"
