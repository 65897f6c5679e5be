from collections.abc import Mapping
from datetime import date
from typing import Any, TypedDict

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Activation, Demarche, Deployment, Product, Source
from registry.domain import days
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.deployments.reading import is_confirmed, of_usage, subject
from registry.domain.deployments.saying import (
    checked_operator,
    checked_until,
    held,
    refuse_overlap,
    refuse_uncovered,
    spoken,
)
from registry.domain.errors import Checks, Conflict, InvalidInput, NotAllowed
from registry.domain.policy import Action, Capacity, authorise


class Changes(TypedDict, total=False):
    """What is absent stays as it is."""

    since: date
    until: date | None
    operator: str | None
    demarche: Demarche


async def correct(
    session: AsyncSession, actor: Actor, deployment_id: int, version: int, changes: Changes
) -> Deployment:
    """The link becomes the word of the one who corrects it, to be confirmed by the other side.

    A vendor leaves alone what the collectivité said and nobody confirmed; an operator does not
    name operators; nothing is written where nothing changes.
    """
    row, product, capacity = await _held(session, actor, deployment_id, version)
    _check_hand(capacity, row, changes)
    values = await _checked(session, row, product, changes)
    if all(getattr(row, name) == value for name, value in values.items()):
        return row
    # An operator acts for the collectivité.
    source = Source.COLLECTIVITE if capacity is Capacity.OPERATOR else capacity.source
    row.sqlmodel_update({**values, "declared_by": source, "confirmed_by": None})
    own_word = capacity is Capacity.COLLECTIVITE
    return await spoken(session, "correct", row, own_word=own_word)


async def end(
    session: AsyncSession, actor: Actor, deployment_id: int, version: int, until: date | None
) -> Deployment:
    """From ``until`` on, today unless another day is given, the product is no longer in use.

    Only brings the end nearer: what was declared and confirmed of the days before it stands.
    """
    row, *_ = await _held(session, actor, deployment_id, version)
    day = until or today()
    checked_until(row.since, day)
    if row.until is not None and day > row.until:
        raise InvalidInput(
            "until",
            f"Cet usage prend fin dès le {row.until:%d/%m/%Y} : pour le prolonger, le corriger.",
        )
    if row.until == day:
        return row
    row.until = day
    return await spoken(session, "end", row, own_word=False)


async def _held(
    session: AsyncSession, actor: Actor, deployment_id: int, version: int
) -> tuple[Deployment, Product, Capacity]:
    row, product = await held(session, actor, Action.CORRECT_DEPLOYMENT, deployment_id)
    capacity = authorise(actor, Action.CORRECT_DEPLOYMENT, subject(row, product))
    if row.version != version:
        raise Conflict("Cet usage a changé entre-temps : le relire, puis refaire.", row.version)
    return row, product, capacity


def _check_hand(capacity: Capacity, row: Deployment, changes: Changes) -> None:
    alone = row.declared_by is Source.COLLECTIVITE and not is_confirmed(row)
    if capacity is Capacity.VENDOR and alone:
        raise NotAllowed(
            "La collectivité seule a déclaré cet usage : l’éditeur le confirme ou y met fin,"
            " et ne le corrige pas."
        )
    kept = changes.get("operator", row.operator), changes.get("demarche", row.demarche)
    if capacity is Capacity.OPERATOR and kept != (row.operator, row.demarche):
        raise NotAllowed(
            "L’opérateur ne change ni la démarche, ni qui opère : la collectivité ou le ministère"
            " le disent."
        )


async def _checked(
    session: AsyncSession, row: Deployment, product: Product, changes: Changes
) -> Mapping[str, Any]:
    values: dict[str, Any] = {**changes}
    checks = Checks()
    since, until = changes.get("since", row.since), changes.get("until", row.until)
    demarche = changes.get("demarche", row.demarche)
    with checks:
        if "since" in changes:
            days.past("since", since)
            values["since_approximate"] = False
        checked_until(since, until)
    with checks:
        if "operator" in changes:
            values["operator"] = checked_operator(changes["operator"])
    with checks:
        if demarche is not row.demarche:
            await _check_demarche(session, row, product, demarche)
    checks.settle()
    periods = await of_usage(session, row.collectivite_id, row.product_id, demarche)
    refuse_overlap([other for other in periods if other.id != row.id], since, until)
    return values


async def _check_demarche(
    session: AsyncSession, row: Deployment, product: Product, demarche: Demarche
) -> None:
    refuse_uncovered(product, demarche)
    begun = await session.scalar(
        sa.select(col(Activation.id))
        .where(
            col(Activation.collectivite_id) == row.collectivite_id,
            col(Activation.product_id) == row.product_id,
            col(Activation.demarche) == row.demarche,
        )
        .limit(1)
    )
    if begun is not None or is_confirmed(row):
        raise InvalidInput(
            "demarche",
            "Cet usage est confirmé, ou son raccordement a commencé : y mettre fin, et déclarer"
            " celui de l’autre démarche.",
        )
