"""What a product means for its clients, and how ready a collectivité is: domain.md §5."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar

from tests.oracle.world import (
    Body,
    DeploymentRow,
    IntegrationRow,
    Product,
    ProductKey,
    World,
)


class Dated(Protocol):
    @property
    def effective_on(self) -> date: ...


R = TypeVar("R", bound=Dated)


def row_at(history: Iterable[R], as_of: date) -> R | None:
    """§5, Scope: the last transition at or before the date; the same day, list order decides."""
    latest: R | None = None
    for row in history:
        if row.effective_on <= as_of and (
            latest is None or row.effective_on >= latest.effective_on
        ):
            latest = row
    return latest


def product_of(world: World, key: ProductKey) -> Product:
    (product,) = [p for p in world.products if p.key == key]
    return product


def qualifications(world: World, key: ProductKey, as_of: date) -> list[IntegrationRow]:
    """§5, rule 1: integrations `QUALIFIED` with an accepted service, as the rows they stand on."""
    rows = []
    for service in sorted(world.accepted_services):
        history = [
            row
            for row in world.integrations
            if (row.vendor, row.product) == key and row.service == service
        ]
        row = row_at(history, as_of)
        if row and row.state == "QUALIFIED":
            rows.append(row)
    return rows


def commitment_as_read(world: World, vendor: str, slug: str | None, as_of: date) -> str:
    """§4, Commitment: `EXPIRED` from the day after the row's own `valid_until`, if it was held."""
    row = row_at([c for c in world.commitments if c.vendor == vendor and c.product == slug], as_of)
    if row is None:
        return "NONE"
    held = row.state in {"SIGNED", "BREACH_ALLEGED"}
    if held and row.valid_until is not None and as_of > row.valid_until:
        return "EXPIRED"
    return row.state


def commitment_that_applies(world: World, key: ProductKey, as_of: date) -> str:
    """§5, rule 2: the product's own, unless none or `NONE`, `INVITED`, `EXPIRED`."""
    vendor, slug = key
    own = commitment_as_read(world, vendor, slug, as_of)
    if own in {"NONE", "INVITED", "EXPIRED"}:
        return commitment_as_read(world, vendor, None, as_of)
    return own


def verdict(world: World, product_key: ProductKey, as_of: date) -> str:
    """§5, Verdict of a product for its clients."""
    if not product_of(world, product_key).citizen_login:
        return "NOT_CONCERNED"
    if not qualifications(world, product_key, as_of):
        return "NOT_INTEGRATED"
    commitment = commitment_that_applies(world, product_key, as_of)
    if commitment in {"DECLINED", "BREACHED"}:
        return "SURCHARGE"
    if commitment in {"SIGNED", "BREACH_ALLEGED"}:
        return "READY"
    return "COST_UNKNOWN"


def verdict_for(world: World, product_key: ProductKey, body: Body, as_of: date) -> str:
    """§5: in-house software, once qualified, is `READY` for its own collectivité.

    contract.md §3, Simulation: what is fixed counts as `READY`, unless it is not concerned.
    """
    general = verdict(world, product_key, as_of)
    if product_key in world.fixed and general != "NOT_CONCERNED":
        return "READY"
    in_house = product_key[0] == body.siren
    if in_house and general in {"SURCHARGE", "COST_UNKNOWN"}:
        return "READY"
    return general


def in_force(deployment: DeploymentRow, as_of: date) -> bool:
    """contract.md §2: from `since` to `until`, exclusive; no `until`: still in force."""
    return deployment.since <= as_of and (deployment.until is None or as_of < deployment.until)


def in_basis(deployment: DeploymentRow, basis: str) -> bool:
    """§5, Scope: `CONFIRMED` is by the other side or the ministry, or declared by the ministry."""
    if basis == "DECLARED" or deployment.declared_by == "MINISTRY":
        return True
    return deployment.confirmed_by not in {None, deployment.declared_by}


def concerned(
    world: World, body: Body, as_of: date, demarche: str | None, basis: str
) -> list[DeploymentRow]:
    """§5, first sentence: in force at the date, in scope, of products with `citizen_login`."""
    return [
        d
        for d in world.deployments
        if d.collectivite == body.code
        and in_force(d, as_of)
        and in_basis(d, basis)
        and demarche in {None, d.demarche}
        and product_of(world, (d.vendor, d.product)).citizen_login
    ]


def keys_of(deployments: Iterable[DeploymentRow]) -> set[ProductKey]:
    return {(d.vendor, d.product) for d in deployments}


def in_production(
    world: World, deployment: DeploymentRow, services: Iterable[str], as_of: date
) -> bool:
    """contract.md §2: an activation belongs to the collectivité, product and démarche."""
    link = (deployment.collectivite, deployment.vendor, deployment.product, deployment.demarche)
    for service in services:
        history = [
            a
            for a in world.activations
            if (a.collectivite, a.vendor, a.product, a.demarche) == link and a.service == service
        ]
        row = row_at(history, as_of)
        if row and row.state == "IN_PRODUCTION":
            return True
    return False


def readiness(
    world: World,
    body: Body,
    *,
    as_of: date,
    demarche: str | None = None,
    basis: str = "DECLARED",
) -> str:
    """§5, Readiness of a collectivité: the best of its deployments decides."""
    deployments = concerned(world, body, as_of, demarche, basis)
    if any(in_production(world, d, world.accepted_services, as_of) for d in deployments):
        return "CONNECTED"
    verdicts = {verdict_for(world, key, body, as_of) for key in keys_of(deployments)}
    if "READY" in verdicts:
        return "READY"
    if "COST_UNKNOWN" in verdicts:
        return "COST_UNKNOWN"
    if "SURCHARGE" in verdicts:
        return "BLOCKED_BY_SURCHARGE"
    if "NOT_INTEGRATED" in verdicts:
        return "BLOCKED_BY_SOFTWARE"
    return "NO_KNOWN_SOFTWARE"
