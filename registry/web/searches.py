"""One box for collectivités, software and vendors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, Product, Vendor
from registry.domain import integrations, searches, territories, vendors
from registry.domain.identifiers import compact, is_insee
from registry.domain.rollout import readiness, verdicts
from registry.domain.rollout.readiness import Standing
from registry.domain.rollout.verdicts import Verdict
from registry.domain.searches import Found
from registry.domain.words import of
from registry.web.french import listed
from registry.web.visits import Visit

SHOWN = 20
SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, in order, and what is told of each, by id."""

    rows: Sequence[Found]
    code: str | None
    """What the code that was typed is, where it is that of a commune or postal."""
    standings: Mapping[int, Standing]
    verdicts: Mapping[int, Verdict]
    declared: Collection[int]
    makers: Mapping[int, Vendor]
    places: territories.Names

    @property
    def whole(self) -> bool:
        return len(self.rows) < SHOWN


async def show(visit: Visit) -> Response:
    """htmx asks for the results alone, as one types."""
    text = visit.request.query_params.get("q", "").strip()
    found = None
    if len(text) >= SHORTEST:
        async with visit.database.read() as session:
            found = await _results(session, visit, text)
    template = "results.html" if visit.enhanced else "search.html"
    return visit.page(template, text=text, found=found)


async def _results(session: AsyncSession, visit: Visit, text: str) -> Results:
    rows = await searches.search(session, text, SHOWN, visit.today)
    bodies = [row.recorded_id for row in rows if isinstance(row, Collectivite)]
    products = [row for row in rows if isinstance(row, Product)]
    ids = [row.recorded_id for row in products]
    return Results(
        rows,
        _code_said(compact(text).upper(), rows),
        await readiness.standings(session, bodies),
        await verdicts.of_products(session, ids),
        await integrations.declared(session, ids, visit.today),
        await vendors.by_ids(session, [row.vendor_id for row in products]),
        await territories.names(session),
    )


def _code_said(code: str, rows: Sequence[Found]) -> str | None:
    """« 13001 : code INSEE d’Aix-en-Provence ; code postal de Marseille »."""
    if not is_insee(code):
        return None
    towns = [row for row in rows if isinstance(row, Collectivite)]
    served = [of(row.name) for row in towns if code in row.postal_codes]
    meant = [of(row.name) for row in towns[:1] if code == row.code or code not in row.postal_codes]
    parts = [
        *(f"code INSEE {name}" for name in meant),
        *([f"code postal {listed(served)}"] if served else []),
    ]
    return f"{code} : {' ; '.join(parts)}" if parts else None
