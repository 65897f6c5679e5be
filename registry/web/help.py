"""What the registry means, with examples of its own, and how programs ask it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from registry.domain import campaigns, products
from registry.domain.rollout import coverage, sheets, verdicts
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.sheets import Sheet
from registry.domain.rollout.verdicts import Verdict
from registry.web.visits import At, Visit

QUERIES = Path(__file__).parent / "queries"


class Sample(NamedTuple):
    """A query to copy: ``name`` is its file's."""

    name: str
    title: str

    @property
    def text(self) -> str:
        return _text(self.name)


SAMPLES = (
    Sample("collectivite", "Où en est une collectivité, et que doit-elle faire ?"),
    Sample("logiciels", "Quels logiciels servent à une démarche, et dans quel état sont-ils ?"),
    Sample("editeurs", "Quels éditeurs se sont engagés à ne rien facturer en plus ?"),
    Sample("couverture", "Où en est le pays, par rapport aux objectifs ?"),
    Sample("blocages", "Quels logiciels bloquent le plus de collectivités d’un département ?"),
    Sample("recherche", "Que désigne un nom ?"),
)
"""The tests run each of them."""


def routes(at: At) -> list[Route]:
    return [at("/aide", explain), at("/api", document)]


@cache
def _text(name: str) -> str:
    return (QUERIES / f"{name}.graphql").read_text()


async def explain(visit: Visit) -> Response:
    async with visit.database.read() as session:
        measured = await coverage.measure(session, Scope())
        accepted = await campaigns.accepted_services(session)
        examples = await _examples(session, visit)
    return visit.page(
        "help.html",
        examples=examples,
        counts=measured.total.counts,
        accepted=accepted,
        months=visit.door.settings.stale_after_months,
    )


async def _examples(session: AsyncSession, visit: Visit) -> Mapping[Verdict, Sheet]:
    chosen = await verdicts.examples(session)
    rows = await products.by_ids(session, [*chosen.values()])
    found = await sheets.of_products(session, [*rows.values()], visit.today)
    return {sheet.verdict: sheet for sheet in found}


async def document(visit: Visit) -> Response:
    return visit.page(
        "api.html", samples=SAMPLES, settings=visit.door.settings, base=visit.base_url
    )
