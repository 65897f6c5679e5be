"""The program's answers, in the oracle's words."""

from dataclasses import asdict
from datetime import date

from models import Demarche, Stratum
from registry.domain.rollout import blockers, coverage, readiness, verdicts
from registry.domain.rollout import scope as scopes
from tests.domain.test_rollout.loading import Loaded
from tests.oracle import Blocker, Blockers, Coverage, CoverageRow, ProductKey, Scope


def as_asked(scope: Scope) -> scopes.Scope:
    return scopes.Scope(
        strata=tuple(Stratum(stratum) for stratum in scope.strata or ()),
        departement=scope.departement,
        region=scope.region,
        epci=scope.epci,
        demarche=None if scope.demarche is None else Demarche(scope.demarche),
        basis=scopes.Basis(scope.basis),
        as_of=scope.as_of,
    )


async def coverage_of(loaded: Loaded, scope: Scope) -> Coverage:
    return as_told(await coverage.measure(loaded.session, as_asked(scope)))


def as_told(answer: coverage.Coverage) -> Coverage:
    strata = tuple(
        CoverageRow(
            stratum=row.stratum,
            **asdict(row.counts),
            target_share=None if row.target_share is None else float(row.target_share),
            target_count=row.target_count,
            missing=row.missing,
        )
        for row in answer.strata
    )
    total = CoverageRow(
        stratum=None,
        **asdict(answer.total.counts),
        target_share=None,
        target_count=answer.total.target_count,
        missing=answer.total.missing,
    )
    return Coverage(answer.as_of, strata, total)


async def blockers_of(
    loaded: Loaded, scope: Scope, by: str, first: int | None = None, after_rank: int = 0
) -> Blockers:
    answer = await blockers.rank_blockers(
        loaded.session,
        as_asked(scope),
        blockers.Grouping(by),
        first=first,
        after_rank=after_rank,
    )
    ranked = tuple(
        Blocker(
            rank=row.rank,
            vendor=row.vendor_siren,
            product=row.slug,
            verdict=row.verdict,
            blocked=row.blocked,
            blocked_alone=row.blocked_alone,
            population=row.population,
            by_stratum={c.stratum: (c.blocked, c.population) for c in row.by_stratum},
            connected_clients=row.connected_clients,
            declared_on=row.declared_on,
        )
        for row in answer.rows
    )
    assert answer.as_of == scope.as_of
    return Blockers(ranked, answer.no_known_software, answer.cost_unknown)


async def total_of_blockers(loaded: Loaded, scope: Scope, by: str, after_rank: int) -> int:
    """What the ranking says of its own length, asked for one row of it."""
    answer = await blockers.rank_blockers(
        loaded.session, as_asked(scope), blockers.Grouping(by), first=1, after_rank=after_rank
    )
    return answer.total


async def readiness_of(
    loaded: Loaded,
    *,
    as_of: date | None = None,
    demarche: str | None = None,
    basis: str = "DECLARED",
) -> dict[str, str]:
    """Every body's, by its code."""
    found = await readiness.of_collectivites(
        loaded.session,
        list(loaded.bodies.values()),
        demarche=None if demarche is None else Demarche(demarche),
        as_of=as_of,
        basis=scopes.Basis(basis),
    )
    return {code: found[identifier].value for code, identifier in loaded.bodies.items()}


async def verdicts_of(loaded: Loaded, as_of: date | None = None) -> dict[ProductKey, str]:
    found = await verdicts.of_products(loaded.session, list(loaded.products.values()), as_of)
    return {key: found[identifier].value for key, identifier in loaded.products.items()}
