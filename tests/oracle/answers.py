"""Coverage and blockers of a scope: domain.md §5, fields named in contract.md §3."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil

from tests.oracle.rule import (
    concerned,
    in_production,
    keys_of,
    qualifications,
    readiness,
    verdict,
    verdict_for,
)
from tests.oracle.world import DATA_APIS, STRATA, Body, DeploymentRow, ProductKey, Scope, World

BLOCKED = frozenset({"BLOCKED_BY_SURCHARGE", "BLOCKED_BY_SOFTWARE"})


@dataclass(frozen=True)
class CoverageRow:
    """One stratum, or all of them when `stratum` is None: then `target_share` is None too."""

    stratum: str | None
    total: int
    connected: int
    connected_with_prefill: int
    ready: int
    ready_unverified: int
    cost_unknown: int
    blocked_by_surcharge: int
    blocked_by_software: int
    blocked_undeclared: int
    no_known_software: int
    no_online_demarche: int
    target_share: float | None
    target_count: int | None
    missing: int | None


@dataclass(frozen=True)
class Coverage:
    as_of: date
    strata: tuple[CoverageRow, ...]
    total: CoverageRow


@dataclass(frozen=True)
class Blocker:
    """`product` (slug) and `verdict` are None when grouped by vendor."""

    rank: int
    vendor: str
    product: str | None
    verdict: str | None
    blocked: int
    blocked_alone: int
    population: int
    by_stratum: dict[str, tuple[int, int]]
    connected_clients: int
    declared_on: date | None


@dataclass(frozen=True)
class Blockers:
    ranked: tuple[Blocker, ...]
    no_known_software: int
    cost_unknown: int


def strata_of_scope(scope: Scope) -> tuple[str, ...]:
    """§5, Targets in a scope: an empty or absent list doesn't narrow. Order of §3."""
    return tuple(s for s in STRATA if not scope.strata or s in scope.strata)


def counted(world: World, scope: Scope) -> list[Body]:
    """§5, Scope: open, of at least one stratum (§3), and of every part of the scope given."""
    return [
        body
        for body in world.bodies
        if not body.closed
        and any(stratum in body.strata for stratum in strata_of_scope(scope))
        and (scope.departement is None or scope.departement in body.departements)
        and (scope.region is None or scope.region in body.regions)
        and (
            scope.epci is None
            or (body.kind == "EPCI" and body.code == scope.epci)
            or body.epci == scope.epci
        )
    ]


def links(world: World, scope: Scope, body: Body) -> list[DeploymentRow]:
    return concerned(world, body, scope.as_of, scope.demarche, scope.basis)


def readiness_in(world: World, scope: Scope, body: Body) -> str:
    return readiness(world, body, as_of=scope.as_of, demarche=scope.demarche, basis=scope.basis)


def has_prefill(world: World, scope: Scope, body: Body) -> bool:
    """§5: a data API `IN_PRODUCTION` on the same or another concerned deployment of the scope."""
    return any(
        in_production(world, link, DATA_APIS, scope.as_of) for link in links(world, scope, body)
    )


def is_unverified(world: World, scope: Scope, body: Body) -> bool:
    """§5, `readyUnverified`: no `READY` product there stands on an evidenced or verified row."""
    for key in keys_of(links(world, scope, body)):
        if verdict_for(world, key, body, scope.as_of) == "READY":
            for row in qualifications(world, key, scope.as_of):
                if row.evidence_level in {"EVIDENCED", "VERIFIED"}:
                    return False
    return True


def declared_on(world: World, vendor: str, slug: str | None, as_of: date) -> date | None:
    """contract.md §3: the vendor's last word on the product, or on any of its own (None)."""
    dates = [
        row.effective_on
        for row in world.integrations
        if row.vendor == vendor
        and slug in {None, row.product}
        and row.declared_by == "VENDOR"
        and row.effective_on <= as_of
    ]
    return max(dates, default=None)


def is_undeclared(world: World, scope: Scope, body: Body) -> bool:
    """§5, `blockedUndeclared`: no concerned product there has a row declared by its vendor."""
    return all(
        declared_on(world, vendor, slug, scope.as_of) is None
        for vendor, slug in keys_of(links(world, scope, body))
    )


def declared_no_online_demarche(body: Body, as_of: date) -> bool:
    """§5: a dated declaration; the readiness itself stays `NO_KNOWN_SOFTWARE`."""
    return body.no_online_demarche_since is not None and body.no_online_demarche_since <= as_of


def coverage_row(
    world: World, scope: Scope, stratum: str | None, bodies: Sequence[Body]
) -> CoverageRow:
    found: dict[str, list[Body]] = {}
    for body in bodies:
        found.setdefault(readiness_in(world, scope, body), []).append(body)
    connected = found.get("CONNECTED", [])
    ready = found.get("READY", [])
    by_software = found.get("BLOCKED_BY_SOFTWARE", [])
    unknown = found.get("NO_KNOWN_SOFTWARE", [])
    target_count = target(world, scope, stratum, len(bodies))
    share = world.targets.get(stratum) if stratum else None
    return CoverageRow(
        stratum=stratum,
        total=len(bodies),
        connected=len(connected),
        connected_with_prefill=sum(has_prefill(world, scope, b) for b in connected),
        ready=len(ready),
        ready_unverified=sum(is_unverified(world, scope, b) for b in ready),
        cost_unknown=len(found.get("COST_UNKNOWN", [])),
        blocked_by_surcharge=len(found.get("BLOCKED_BY_SURCHARGE", [])),
        blocked_by_software=len(by_software),
        blocked_undeclared=sum(is_undeclared(world, scope, b) for b in by_software),
        no_known_software=len(unknown),
        no_online_demarche=sum(declared_no_online_demarche(b, scope.as_of) for b in unknown),
        target_share=None if share is None else float(share),
        target_count=target_count,
        missing=None if target_count is None else max(0, target_count - len(connected)),
    )


def target(world: World, scope: Scope, stratum: str | None, total: int) -> int | None:
    """§5, Targets in a scope: a share of the scope's own n; 5,000 only where nothing narrows."""
    if stratum is not None:
        share = world.targets.get(stratum)
        return None if share is None else ceil(share * total)
    narrowed = scope.strata or scope.departement or scope.region or scope.epci or scope.demarche
    return None if narrowed else world.total_target


def coverage(world: World, scope: Scope) -> Coverage:
    """§5, Scope: in a stratum's row that stratum's bodies; in the total, distinct ones."""
    bodies = counted(world, scope)
    rows = [
        coverage_row(world, scope, stratum, [b for b in bodies if stratum in b.strata])
        for stratum in strata_of_scope(scope)
    ]
    return Coverage(scope.as_of, tuple(rows), coverage_row(world, scope, None, bodies))


def group(key: ProductKey, by: str) -> tuple[str, str | None]:
    """contract.md §3: blockers are grouped by product or by vendor."""
    vendor, slug = key
    return (vendor, slug) if by == "PRODUCT" else (vendor, None)


def groups_at(world: World, scope: Scope, body: Body, by: str) -> set[tuple[str, str | None]]:
    return {group(key, by) for key in keys_of(links(world, scope, body))}


def inhabitants(bodies: Sequence[Body]) -> int:
    return sum(body.population or 0 for body in bodies)


def is_client_connected(
    world: World, scope: Scope, body: Body, who: tuple[str, str | None], by: str
) -> bool:
    """contract.md §3, `connectedClients`: clients in scope connected through it."""
    return any(
        group((link.vendor, link.product), by) == who
        and in_production(world, link, world.accepted_services, scope.as_of)
        for link in links(world, scope, body)
    )


def blockers(world: World, scope: Scope, by: str) -> Blockers:
    """§5: a product blocks a collectivité that is `BLOCKED_*` and uses it, in scope.

    `by` is `PRODUCT` or `VENDOR`; a collectivité counts once per vendor.
    """
    bodies = counted(world, scope)
    stuck = [b for b in bodies if readiness_in(world, scope, b) in BLOCKED]
    found = {who for body in stuck for who in groups_at(world, scope, body, by)}
    facts = [blocker(world, scope, by, who, bodies, stuck) for who in found]
    facts.sort(key=lambda b: (-b.blocked, -b.population, b.vendor, b.product or ""))
    total = coverage(world, scope).total
    return Blockers(
        ranked=tuple(replace(b, rank=rank) for rank, b in enumerate(facts, start=1)),
        no_known_software=total.no_known_software,
        cost_unknown=total.cost_unknown,
    )


def blocker(
    world: World,
    scope: Scope,
    by: str,
    who: tuple[str, str | None],
    bodies: Sequence[Body],
    stuck: Sequence[Body],
) -> Blocker:
    vendor, slug = who
    held = [b for b in stuck if who in groups_at(world, scope, b, by)]
    return Blocker(
        rank=0,
        vendor=vendor,
        product=slug,
        verdict=None if slug is None else verdict(world, (vendor, slug), scope.as_of),
        blocked=len(held),
        blocked_alone=sum(groups_at(world, scope, b, by) == {who} for b in held),
        population=inhabitants([b for b in held if b.kind == "COMMUNE"]),
        by_stratum={stratum: by_stratum(held, stratum) for stratum in strata_of_scope(scope)},
        connected_clients=sum(is_client_connected(world, scope, b, who, by) for b in bodies),
        declared_on=declared_on(world, vendor, slug, scope.as_of),
    )


def by_stratum(held: Sequence[Body], stratum: str) -> tuple[int, int]:
    """§5, Ranking: each stratum's own blocked collectivités and their inhabitants."""
    members = [b for b in held if stratum in b.strata]
    return len(members), inhabitants(members)
