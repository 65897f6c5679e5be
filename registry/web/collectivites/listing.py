"""The collectivités that exist, narrowed and sorted, and the same list as a file."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, CollectiviteKind, Stratum
from registry.domain import collectivites, territories
from registry.domain.collectivites import CollectiviteFilter, CollectiviteOrder
from registry.domain.rollout import readiness
from registry.domain.rollout.readiness import Readiness, Standing
from registry.domain.rollout.standings import select_standings
from registry.domain.words import READINESS
from registry.exchange.lists import Format
from registry.web.exports import export, from_statement
from registry.web.queries import Listed, Query, states, tried
from registry.web.visits import Visit

FILTERS = (
    "q",
    "nature",
    "strate",
    "departement",
    "region",
    "epci",
    "habitants_min",
    "habitants_max",
    "situation",
    "tri",
)
COLUMNS = (
    "code",
    "insee",
    "siren",
    "name",
    "kind",
    "strata",
    "departements",
    "regions",
    "population",
    "readiness",
    "blocked_undeclared",
    "no_online_demarche_since",
)
ORDERS = {
    CollectiviteOrder.NAME_ASC: "nom, de A à Z",
    CollectiviteOrder.NAME_DESC: "nom, de Z à A",
    CollectiviteOrder.POPULATION_DESC: "les plus peuplées d’abord",
    CollectiviteOrder.POPULATION_ASC: "les moins peuplées d’abord",
    CollectiviteOrder.KEY_ASC: "code",
    CollectiviteOrder.KEY_DESC: "code, en remontant",
}
SITUATIONS = states(
    READINESS, Readiness.BLOCKED_BY_SOFTWARE, "son éditeur n’a rien déclaré à ce jour"
)
FURTHER = ("nature", "strate", "region", "epci", "habitants_min", "habitants_max")
"""The filters that fewer people need."""
Standings = Mapping[int, Standing]


def _wanted(query: Query) -> tuple[CollectiviteFilter, CollectiviteOrder]:
    stands, silent = query.state("situation", Readiness, Readiness.BLOCKED_BY_SOFTWARE)
    wanted = CollectiviteFilter(
        text=query.get("q"),
        kinds=query.words("nature", CollectiviteKind),
        strata=query.words("strate", Stratum),
        departement=query.get("departement"),
        region=query.get("region"),
        epci=query.get("epci"),
        min_population=query.integer("habitants_min"),
        max_population=query.integer("habitants_max"),
        readiness=stands,
        silent=silent,
    )
    return wanted, query.word("tri", CollectiviteOrder) or CollectiviteOrder.NAME_ASC


async def show(visit: Visit) -> Response:
    query = Query.of(visit.request, FILTERS)
    async with visit.database.read() as session:
        query, found = await tried(query, _listed(session, query))
        places = await territories.names(session)
    return visit.page(
        "collectivites/list.html",
        200 if found else 400,
        query=query,
        found=found,
        places=places,
        orders=ORDERS,
        situations=SITUATIONS,
        narrowed=any(query.get(name) for name in FURTHER),
    )


async def _listed(session: AsyncSession, query: Query) -> Listed[Standings]:
    wanted, order = _wanted(query)
    found = await collectivites.listed(session, query.page(), wanted, order)
    count = await collectivites.count(session, wanted)
    return Listed(found, count, await _standings(session, found.rows))


async def file(format: Format, visit: Visit) -> Response:
    wanted, order = _wanted(Query.of(visit.request, FILTERS, paging=()))

    async def build(session: AsyncSession) -> sa.Select[Any]:
        return await select_standings(session, wanted, order)

    return await export(visit, format, "collectivites", from_statement(COLUMNS, build))


async def _standings(session: AsyncSession, rows: Sequence[Collectivite]) -> Standings:
    return await readiness.standings(session, [row.recorded_id for row in rows])
