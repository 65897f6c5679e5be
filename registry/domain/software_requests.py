"""Software that the registry lacks: named by a collectivité, settled by the ministry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Collectivite,
    Demarche,
    Deployment,
    Product,
    SoftwareRequest,
    SoftwareRequestState,
    Source,
)
from registry.domain import collectivites, days, deployments, ledger, pages, products, texts
from registry.domain.actor import Actor, Role
from registry.domain.clock import PARIS, today
from registry.domain.deployments import Link
from registry.domain.errors import (
    AlreadyExists,
    Checks,
    Conflict,
    InvalidInput,
    NotFound,
    NotInThisState,
)
from registry.domain.filters import among, checked_siren
from registry.domain.pages import MAX_SIZE, Key, Ordering, Page, Slice
from registry.domain.policy import Action, Subject, admit, admits, authorise, may
from registry.domain.search import fold
from registry.domain.turns import take_turn_on
from registry.domain.words import DEMARCHES

_ID = sa.type_coerce(col(SoftwareRequest.id), sa.BigInteger)
ORDERING = Ordering("software_request.id", (Key(_ID, int),))


@dataclass(frozen=True, slots=True)
class Named:
    """What a collectivité knows of its software. Without ``since``, from today on."""

    name: str
    demarches: Sequence[Demarche]
    vendor_name: str | None = None
    vendor_siren: str | None = None
    since: date | None = None


def may_see(actor: Actor, collectivite_id: int) -> bool:
    return may(actor, Action.SEE_SOFTWARE_REQUESTS, Subject(collectivite=collectivite_id))


async def by_id(session: AsyncSession, actor: Actor, identifier: int) -> SoftwareRequest | None:
    """None where the actor may not see it."""
    row = await session.get(SoftwareRequest, identifier)
    return row if row is not None and may_see(actor, row.collectivite_id) else None


async def listed(session: AsyncSession, actor: Actor, page: Page) -> Slice[SoftwareRequest]:
    """Those that wait, the oldest first: all for the ministry, its own for a collectivité."""
    return await pages.fetch(
        session, sa.select(SoftwareRequest).where(*_seen(actor)), ORDERING, page
    )


async def of_collectivite(
    session: AsyncSession, actor: Actor, collectivite_id: int
) -> Sequence[SoftwareRequest]:
    """Those of one collectivité that wait, as many as a page holds, where the actor sees them."""
    own = col(SoftwareRequest.collectivite_id) == collectivite_id
    query = sa.select(SoftwareRequest).where(*_seen(actor), own)
    return (await pages.fetch(session, query, ORDERING, Page(first=MAX_SIZE))).rows


async def count(session: AsyncSession, actor: Actor) -> int:
    query = sa.select(sa.func.count()).select_from(SoftwareRequest).where(*_seen(actor))
    return await session.scalar(query) or 0


def _seen(actor: Actor) -> list[sa.ColumnElement[bool]]:
    waiting = col(SoftwareRequest.settled_on).is_(None)
    if not admits(actor, Action.SEE_SOFTWARE_REQUESTS):
        return [sa.false()]
    if actor.role is Role.MINISTRY:
        return [waiting]
    return [waiting, among(col(SoftwareRequest.collectivite_id), actor.collectivites)]


async def name(session: AsyncSession, actor: Actor, code: str, given: Named) -> SoftwareRequest:
    """It waits for the ministry, which attaches it to a product or refuses it."""
    admit(actor, Action.NAME_SOFTWARE)
    body = await collectivites.named(session, "collectivite", code)
    authorise(actor, Action.NAME_SOFTWARE, Subject(collectivite=body.id))
    values = _checked(body, given)
    await take_turn_on(session, "collectivite", body.recorded_id)
    await _refuse_repeated(session, body, values["name"])
    row = SoftwareRequest(collectivite_id=body.recorded_id, **values)
    return await _record(session, "create", row)


def _checked(body: Collectivite, given: Named) -> dict[str, Any]:
    checks = Checks()
    values: dict[str, Any] = {"demarches": [*dict.fromkeys(given.demarches)], "since": given.since}
    with checks:
        collectivites.refuse_closed("collectivite", body)
    with checks:
        values["name"] = texts.required("name", given.name, 200)
    with checks:
        values["vendor_name"] = texts.optional("vendor_name", given.vendor_name, 200)
    with checks:
        if given.vendor_siren is not None:
            values["vendor_siren"] = checked_siren("vendor_siren", given.vendor_siren)
    with checks:
        if not given.demarches:
            raise InvalidInput("demarches", "Au moins une démarche est attendue.")
    with checks:
        if given.since is not None:
            days.past("since", given.since)
    checks.settle()
    return values


async def _refuse_repeated(session: AsyncSession, body: Collectivite, name: str) -> None:
    names = await session.scalars(
        sa.select(col(SoftwareRequest.name)).where(
            col(SoftwareRequest.collectivite_id) == body.id,
            col(SoftwareRequest.settled_on).is_(None),
        )
    )
    if fold(name) in map(fold, names):
        raise AlreadyExists("name", f"{name} attend déjà la réponse du ministère.")


async def settle(
    session: AsyncSession, actor: Actor, identifier: int, vendor_siren: str, slug: str
) -> SoftwareRequest:
    """All of its démarches become links, or none does.

    They are the collectivité's word: the ministry says which product that name is, and vouches for
    nothing else, so that they wait to be confirmed as any other. Where the vendor had declared the
    same link, both sides now say it. A link that the collectivité or the ministry has said, or
    that is confirmed, stays as it is.
    """
    row = await _waiting(session, actor, identifier)
    product = await products.named(session, vendor_siren, slug)
    body = await session.get_one(Collectivite, row.collectivite_id)
    _refuse_uncovered(row, product)
    for demarche in row.demarches:
        await _link(session, actor, row, Demarche(demarche), body, product)
    row.product_id, row.settled_on = product.id, today()
    return await _record(session, "settle", row)


async def refuse(
    session: AsyncSession, actor: Actor, identifier: int, reason: str
) -> SoftwareRequest:
    row = await _waiting(session, actor, identifier)
    row.refusal, row.settled_on = texts.required("reason", reason, 2000), today()
    return await _record(session, "refuse", row)


async def _waiting(session: AsyncSession, actor: Actor, identifier: int) -> SoftwareRequest:
    authorise(actor, Action.SETTLE_SOFTWARE)
    row = await session.get(SoftwareRequest, identifier)
    if row is None:
        raise NotFound("id", "Aucune demande n’a cet identifiant.")
    town = row.collectivite_id
    await take_turn_on(session, "collectivite", town)
    await session.refresh(row)
    if row.collectivite_id != town:
        raise Conflict("Cette demande vient de changer de collectivité : la relire, puis refaire.")
    if row.state is not SoftwareRequestState.WAITING:
        raise NotInThisState("Cette demande a déjà reçu sa réponse.", row.state, ())
    return row


def _refuse_uncovered(row: SoftwareRequest, product: Product) -> None:
    missing = [DEMARCHES[Demarche(code)] for code in row.demarches if code not in product.demarches]
    if missing:
        raise InvalidInput(
            "product",
            f"{product.name} ne couvre pas : {', '.join(missing)}."
            " Compléter sa fiche, ou attacher un autre logiciel.",
        )


async def _link(
    session: AsyncSession,
    actor: Actor,
    row: SoftwareRequest,
    demarche: Demarche,
    body: Collectivite,
    product: Product,
) -> None:
    since = row.since or row.created_at.astimezone(PARIS).date()
    link = Link(body, product, demarche, since, since_approximate=row.since is None)
    periods = await deployments.of_usage(session, body.recorded_id, product.recorded_id, demarche)
    if not any(_is_said(period) for period in periods):
        await deployments.record(session, actor, link, Source.COLLECTIVITE)


def _is_said(period: Deployment) -> bool:
    said = period.declared_by is not Source.VENDOR or deployments.is_confirmed(period)
    return said and deployments.is_in_force(period, today())


async def _record(session: AsyncSession, action: str, row: SoftwareRequest) -> SoftwareRequest:
    session.add(row)
    await session.flush()
    await ledger.append(session, action, "software_request", [row.recorded_id])
    return row
