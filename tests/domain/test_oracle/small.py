"""Registries of a few rows, whose defaults are the plainest case."""

from dataclasses import replace
from datetime import date

from tests.oracle import (
    ActivationRow,
    Body,
    CommitmentRow,
    DeploymentRow,
    IntegrationRow,
    Product,
    Scope,
    World,
)

EARLY = date(2023, 1, 1)
EVE, DAY, NEXT = (date(2024, 5, day) for day in (9, 10, 11))
ALPHA, BETA = "900000001", "900000002"
BODY_SIREN = "210000012"
NATIONAL = Scope(as_of=DAY)


def town(code: str = "59001", population: int | None = 5000, **changes: object) -> Body:
    over = population is not None and population > 3500
    body = Body(
        code=code,
        kind="COMMUNE",
        siren=None,
        insee=code,
        population=population,
        departements=frozenset({"59"}),
        regions=frozenset({"32"}),
        epci=None,
        strata=frozenset({"COMMUNE_OVER_3500" if over else "COMMUNE_UP_TO_3500"}),
    )
    return replace(body, **changes)  # type: ignore[arg-type]


def paris() -> Body:
    return town(
        "75056",
        2_000_000,
        departements=frozenset({"75"}),
        regions=frozenset({"11"}),
        strata=frozenset({"DEPARTEMENT", "COMMUNE_OVER_3500"}),
    )


def product(slug: str = "app", vendor: str = ALPHA, *, citizen_login: bool = True) -> Product:
    return Product(vendor, slug, citizen_login, frozenset({"URBANISME", "ETAT_CIVIL"}))


def qualified(slug: str = "app", vendor: str = ALPHA, **changes: object) -> IntegrationRow:
    row = IntegrationRow(vendor, slug, "FRANCECONNECT_V2", EARLY, "QUALIFIED")
    return replace(row, **changes)  # type: ignore[arg-type]


def commitment(state: str, slug: str | None = "app", **changes: object) -> CommitmentRow:
    return replace(CommitmentRow(ALPHA, slug, EARLY, state), **changes)  # type: ignore[arg-type]


def uses(code: str, slug: str = "app", vendor: str = ALPHA, **changes: object) -> DeploymentRow:
    row = DeploymentRow(code, vendor, slug, "URBANISME", EARLY)
    return replace(row, **changes)  # type: ignore[arg-type]


def live(code: str, slug: str = "app", **changes: object) -> ActivationRow:
    row = ActivationRow(code, ALPHA, slug, "URBANISME", "FRANCECONNECT_V2", EARLY, "IN_PRODUCTION")
    return replace(row, **changes)  # type: ignore[arg-type]


def one_app(*commitments: CommitmentRow, **changes: object) -> World:
    """One town that uses one qualified product."""
    world = World(
        bodies=(town(),),
        vendors=(ALPHA,),
        products=(product(),),
        integrations=(qualified(),),
        commitments=commitments,
        deployments=(uses("59001"),),
    )
    return replace(world, **changes)  # type: ignore[arg-type]
