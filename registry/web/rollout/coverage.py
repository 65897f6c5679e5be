"""How far the rollout is, stratum by stratum and département by département."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from registry.auth.prices import COVERAGE
from registry.domain.rollout import coverage, territories
from registry.domain.rollout.coverage import Counts, Coverage, StratumCoverage, TotalCoverage
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Basis, Scope
from registry.domain.rollout.territories import Share
from registry.domain.words import STRATA
from registry.exchange.lists import Format, Record
from registry.web import kept
from registry.web.exports import export, from_rows
from registry.web.queries import UNDECLARED, Query
from registry.web.rollout.scopes import Asked, asked
from registry.web.rollout.tiles import LEGEND, tiles
from registry.web.visits import Visit

EVERY = "Ensemble, chacune une fois"
COLUMNS = ("stratum", *Counts.__slots__, "target_share", "target_count", "missing")
MEASURES = {
    "total": "Total",
    "connected": "Raccordées",
    "connected_with_prefill": "dont avec pré-remplissage",
    "ready": "Prêtes",
    "ready_unverified": "dont sur la seule parole de l’éditeur",
    "cost_unknown": "Coût inconnu",
    "blocked_by_surcharge": "Bloquées par un surcoût",
    "blocked_by_software": "Bloquées par leur logiciel",
    "blocked_undeclared": "dont l’éditeur n’a rien déclaré à ce jour",
    "no_known_software": "Sans logiciel connu",
    "no_online_demarche": "dont sans démarche en ligne",
}
SITUATIONS = {
    "connected": Readiness.CONNECTED,
    "ready": Readiness.READY,
    "cost_unknown": Readiness.COST_UNKNOWN,
    "blocked_by_surcharge": Readiness.BLOCKED_BY_SURCHARGE,
    "blocked_by_software": Readiness.BLOCKED_BY_SOFTWARE,
    "blocked_undeclared": UNDECLARED,
    "no_known_software": Readiness.NO_KNOWN_SOFTWARE,
}
"""The measures that the list of collectivités can be narrowed to."""
SHARE_COLUMNS = ("departement", "name", "total", "connected", "ready")

Line = StratumCoverage | TotalCoverage
Shares = Mapping[str, Share]


async def show(visit: Visit) -> Response:
    wanted = await asked(visit)
    found, shares = await kept.read(
        visit, ("coverage", wanted.scope), partial(_read, wanted.scope), COVERAGE.of(wanted.scope)
    )
    return visit.page(
        "rollout/coverage.html",
        asked=wanted,
        coverage=found,
        lines=[(name_of(line), line) for line in lines_of(found)],
        measures=MEASURES,
        whose=partial(_whose, wanted.scope),
        tiles=[*tiles(wanted, shares)] if shares and not wanted.scope.region else [],
        shares=_shares(wanted, shares),
        legend=LEGEND,
    )


async def file(format: Format, visit: Visit) -> Response:
    wanted = await asked(visit)

    async def read(session: AsyncSession) -> list[Record]:
        return records(await coverage.measure(session, wanted.scope))

    return await export(
        visit, format, "couverture", from_rows(COLUMNS, read), COVERAGE.of(wanted.scope)
    )


async def file_departements(format: Format, visit: Visit) -> Response:
    wanted = await asked(visit)

    async def read(session: AsyncSession) -> list[Record]:
        shares = await territories.by_departement(session, wanted.scope)
        return [asdict(share) | {"name": name} for name, share in _shares(wanted, shares)]

    return await export(
        visit, format, "departements", from_rows(SHARE_COLUMNS, read), COVERAGE.of(wanted.scope)
    )


async def _read(scope: Scope, session: AsyncSession) -> tuple[Coverage, Shares]:
    """The départements are told apart where the scope is larger than one."""
    found = await coverage.measure(session, scope)
    if scope.departement or scope.epci:
        return found, {}
    return found, await territories.by_departement(session, scope)


def _whose(scope: Scope, line: Line, measure: str) -> str | None:
    """The list of those that a figure counts, which knows no démarche, basis nor date."""
    apart = scope.demarche or scope.as_of or scope.basis is not Basis.DECLARED
    if apart or measure not in SITUATIONS or not isinstance(line, StratumCoverage):
        return None
    return Query("/collectivites", ()).link(
        strate=line.stratum,
        situation=SITUATIONS[measure],
        departement=scope.departement,
        region=scope.region,
        epci=scope.epci,
    )


def lines_of(found: Coverage) -> list[Line]:
    """Each stratum's, then that of all of them."""
    return [*found.strata, found.total]


def name_of(line: Line) -> str:
    return STRATA[line.stratum] if isinstance(line, StratumCoverage) else EVERY


def records(found: Coverage) -> list[Record]:
    return [_record(line) for line in lines_of(found)]


def _record(line: Line) -> Record:
    stratum = line.stratum if isinstance(line, StratumCoverage) else None
    share = line.target_share if isinstance(line, StratumCoverage) else None
    return {
        "stratum": stratum or "TOTAL",
        **asdict(line.counts),
        "target_share": None if share is None else float(share),
        "target_count": line.target_count,
        "missing": line.missing,
    }


def _shares(wanted: Asked, shares: Shares) -> list[tuple[str, Share]]:
    """With their names; those of the region alone, though its EPCI may reach beyond it."""
    return [
        (territory.name, shares[territory.code])
        for territory in wanted.departements
        if territory.code in shares and _inside(wanted.scope, territory.region)
    ]


def _inside(scope: Scope, region: str | None) -> bool:
    return scope.region is None or scope.region == region
