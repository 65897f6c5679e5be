from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Activation,
    ActivationState,
    Collectivite,
    Demarche,
    Deployment,
    Integration,
    IntegrationState,
    Product,
    Service,
)
from registry.domain import collectivites, days, deployments, histories, ledger, products
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Checks, NotFound, NotInThisState
from registry.domain.filters import among, in_force
from registry.domain.histories import Said
from registry.domain.policy import Action, Subject, admit, authorise
from registry.domain.transitions import ACTIVATION, check
from registry.domain.turns import take_turn_on
from registry.domain.words import DEMARCHES, SERVICES, of

Usage = tuple[int, int, Demarche]
"""Collectivité, product and démarche: what an activation belongs to."""


async def of_usages(
    session: AsyncSession, usages: Sequence[Usage], day: date
) -> dict[Usage, list[Activation]]:
    """The row in force for each service, in the order of ``Service``."""
    query = sa.select(Activation).where(
        among(col(Activation.collectivite_id), {usage[0] for usage in usages}),
        in_force(col(Activation.effective_on), col(Activation.effective_until), day),
    )
    order = list(Service)
    found: dict[Usage, list[Activation]] = {}
    for row in sorted(await session.scalars(query), key=lambda row: order.index(row.service)):
        found.setdefault((row.collectivite_id, row.product_id, row.demarche), []).append(row)
    return found


async def by_id(session: AsyncSession, identifier: int) -> Activation | None:
    return await session.get(Activation, identifier)


@dataclass(frozen=True, slots=True)
class Step:
    """Where a service stands on a use of a product (a slug)."""

    collectivite: str
    vendor_siren: str
    product: str
    demarche: Demarche
    service: Service
    state: ActivationState


async def record(session: AsyncSession, actor: Actor, step: Step, said: Said) -> Activation:
    """Raises ``NotFound`` where the collectivité has never used that product for that démarche."""
    admit(actor, Action.RECORD_ACTIVATION)
    body, product = await _named(session, step)
    await take_turn_on(session, "collectivite", body.recorded_id)
    used = await _use(session, body, product, step.demarche)
    owner = Subject(vendor=product.vendor_id, collectivite=body.id)
    subject = owner if used is None else deployments.subject(used, product)
    source = authorise(actor, Action.RECORD_ACTIVATION, subject).source
    if used is None:
        raise NotFound(
            "demarche",
            f"Aucun usage {of(product.name)} par {body.name} n’est déclaré pour cette démarche"
            f" ({DEMARCHES[step.demarche]}) : le déclarer d’abord.",
        )
    days.past("effective_on", said.day)
    columns = histories.author(actor, source, said)
    last = await _last(session, used, step.service)
    await _check_arrow(session, product, step, last, said.day)
    row = Activation(
        collectivite_id=used.collectivite_id,
        product_id=used.product_id,
        demarche=step.demarche,
        service=step.service,
        state=step.state,
        **columns,
    )
    await histories.add(session, last, row)
    await ledger.append(session, "create", "activation", [row.recorded_id])
    return row


async def _named(session: AsyncSession, step: Step) -> tuple[Collectivite, Product]:
    checks = Checks()
    with checks:
        body = await collectivites.named(session, "collectivite", step.collectivite)
    with checks:
        product = await products.named(session, step.vendor_siren, step.product)
    checks.settle()
    return body, product


async def _use(
    session: AsyncSession, body: Collectivite, product: Product, demarche: Demarche
) -> Deployment | None:
    """In force today, or else the latest: an activation outlives a period."""
    periods = await deployments.of_usage(session, body.recorded_id, product.recorded_id, demarche)
    current = (row for row in periods if deployments.is_in_force(row, today()))
    return next(current, periods[0] if periods else None)


async def _last(session: AsyncSession, used: Deployment, service: Service) -> Activation | None:
    found: Activation | None = await session.scalar(
        sa.select(Activation).where(
            col(Activation.collectivite_id) == used.collectivite_id,
            col(Activation.product_id) == used.product_id,
            col(Activation.demarche) == used.demarche,
            col(Activation.service) == service,
            col(Activation.effective_until).is_(None),
        )
    )
    return found


async def _check_arrow(
    session: AsyncSession, product: Product, step: Step, last: Activation | None, day: date
) -> None:
    current = ActivationState.NONE if last is None else last.state
    check(ACTIVATION, current, step.state)
    granted, asked = ActivationState.HABILITATION_GRANTED, ActivationState.GO_LIVE_REQUESTED
    if (current, step.state) != (granted, asked):
        return
    if not await _is_qualified(session, product, step.service, day):
        raise NotInThisState(
            f"{product.name} n’est pas qualifié avec {SERVICES[step.service]} à cette date :"
            " passer d’abord par l’intégration.",
            current,
            tuple(sorted(ACTIVATION[current] - {asked})),
        )


async def _is_qualified(
    session: AsyncSession, product: Product, service: Service, day: date
) -> bool:
    found = await session.scalar(
        sa.select(col(Integration.id)).where(
            col(Integration.product_id) == product.id,
            col(Integration.service) == service,
            col(Integration.state) == IntegrationState.QUALIFIED,
            in_force(col(Integration.effective_on), col(Integration.effective_until), day),
        )
    )
    return found is not None
