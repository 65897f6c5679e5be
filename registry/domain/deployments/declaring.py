from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from models import Collectivite, Demarche, Deployment, Product, Source
from registry.domain import collectivites, days, products
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.deployments.reading import (
    is_confirmable,
    is_confirmed,
    is_in_force,
    of_usage,
    said,
)
from registry.domain.deployments.saying import (
    checked_operator,
    checked_until,
    held,
    refuse_overlap,
    refuse_uncovered,
    spoken,
    told,
)
from registry.domain.errors import AlreadyExists, Checks, InvalidInput
from registry.domain.policy import Action, Subject, admit, authorise
from registry.domain.turns import take_turn_on


@dataclass(frozen=True, slots=True)
class Declaration:
    """``product`` is a slug. Without ``since``, from today on, which is marked approximate."""

    collectivite: str
    vendor_siren: str
    product: str
    demarche: Demarche
    since: date | None = None
    until: date | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What is declared, of a collectivité that exists and a product that is known."""

    body: Collectivite
    product: Product
    demarche: Demarche
    since: date
    since_approximate: bool = False
    until: date | None = None
    operator: str | None = None

    @property
    def lasts(self) -> bool:
        return self.until is None or self.until > today()


async def declare(session: AsyncSession, actor: Actor, given: Declaration) -> Deployment:
    """A link in force that the other side declared is confirmed, and keeps its own dates.

    Raises ``AlreadyExists`` where it is confirmed already or the actor's own, or where it names
    another operator or another end: confirming that would be saying what one did not say.
    """
    admit(actor, Action.DECLARE_DEPLOYMENT)
    body, product = await _named(session, given)
    owner = Subject(vendor=product.vendor_id, collectivite=body.id)
    source = authorise(actor, Action.DECLARE_DEPLOYMENT, owner).source
    link = _checked(given, body, product)
    await take_turn_on(session, "collectivite", body.recorded_id)
    return await record(session, actor, link, source)


async def declare_each(
    session: AsyncSession, actor: Actor, given: Declaration, demarches: Sequence[Demarche]
) -> Deployment:
    """The same of each démarche, all or none; the last link is answered."""
    *others, last = demarches
    for demarche in others:
        await declare(session, actor, replace(given, demarche=demarche))
    return await declare(session, actor, replace(given, demarche=last))


async def _named(session: AsyncSession, given: Declaration) -> tuple[Collectivite, Product]:
    checks = Checks()
    with checks:
        body = await collectivites.named(session, "collectivite", given.collectivite)
    with checks:
        product = await products.named(session, given.vendor_siren, given.product)
    checks.settle()
    return body, product


def _checked(given: Declaration, body: Collectivite, product: Product) -> Link:
    checks = Checks()
    since = given.since or today()
    operator = None
    with checks:
        collectivites.refuse_closed("collectivite", body)
    with checks:
        refuse_uncovered(product, given.demarche)
    with checks:
        days.past("since", since)
        checked_until(since, given.until)
    with checks:
        operator = checked_operator(given.operator)
    checks.settle()
    approximate = given.since is None
    return Link(body, product, given.demarche, since, approximate, given.until, operator)


async def record(session: AsyncSession, actor: Actor, link: Link, source: Source) -> Deployment:
    """What ``source`` says, by the hand of ``actor``, whose turn it is."""
    periods = await of_usage(
        session, link.body.recorded_id, link.product.recorded_id, link.demarche
    )
    own_word = source is Source.COLLECTIVITE
    current = next((row for row in periods if is_in_force(row, today())), None)
    if current is not None and link.lasts:
        _confirm_by_declaring(actor, current, link, source)
        return await spoken(session, "confirm", current, own_word=own_word)
    row = _fresh(periods, link, source)
    session.add(row)
    return await spoken(session, "create", row, own_word=own_word)


def _confirm_by_declaring(actor: Actor, row: Deployment, link: Link, source: Source) -> None:
    if row.declared_by is source or not is_confirmable(actor, row, link.product):
        raise AlreadyExists("product", f"Cet usage est déjà déclaré : {told(row)}.")
    # An operator acts for the collectivité once it is acknowledged: never by silence.
    silent = source is Source.VENDOR and link.operator is None
    if row.operator != link.operator and not silent:
        raise AlreadyExists("operator", _different(row, row.operator or "aucun opérateur"))
    if link.until not in (None, row.until):
        raise AlreadyExists("until", _different(row, f"{row.until or 'aucune fin'}"))
    row.confirmed_by = source


def _different(row: Deployment, recorded: str) -> str:
    return (
        f"Cet usage est déjà déclaré, autrement ({recorded}) : {told(row)}."
        " Le confirmer tel quel, ou le corriger."
    )


def _fresh(periods: Sequence[Deployment], link: Link, source: Source) -> Deployment:
    """A period that ended the day it began leaves its place to a new one of that day."""
    if link.product.retired_on is not None and link.product.retired_on <= today():
        raise InvalidInput(
            "product",
            f"{link.product.name} est retiré depuis le {link.product.retired_on:%d/%m/%Y} :"
            " il ne reçoit plus de nouveau client.",
        )
    refuse_overlap(periods, link.since, link.until)
    row = next((row for row in periods if row.since == link.since), None) or Deployment(
        collectivite_id=link.body.recorded_id,
        product_id=link.product.recorded_id,
        demarche=link.demarche,
        since=link.since,
        declared_by=source,
    )
    row.since_approximate, row.until, row.operator = (
        link.since_approximate,
        link.until,
        link.operator,
    )
    row.declared_by, row.confirmed_by = source, None
    return row


async def confirm(session: AsyncSession, actor: Actor, deployment_id: int) -> Deployment:
    """A link that already counts as confirmed is left as it is, and nothing is written."""
    action = Action.CONFIRM_DEPLOYMENT
    row, product = await held(session, actor, action, deployment_id)
    source = authorise(actor, action, said(row, product)).source
    if is_confirmed(row):
        return row
    row.confirmed_by = source
    return await spoken(session, "confirm", row, own_word=source is Source.COLLECTIVITE)


async def confirm_each(session: AsyncSession, actor: Actor, ids: Sequence[int]) -> Deployment:
    """All or none, one at least; the last link is answered."""
    *others, last = ids
    for deployment_id in others:
        await confirm(session, actor, deployment_id)
    return await confirm(session, actor, last)
