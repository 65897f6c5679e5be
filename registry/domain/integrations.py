"""The integration of the State's services in each product: declared by its vendor, and reviewed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    DATA_APIS,
    EvidenceLevel,
    Feed,
    Integration,
    IntegrationState,
    Product,
    Service,
    Source,
)
from registry.domain import histories, ledger, products, texts
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Checks, Conflict, InvalidInput, NotAllowed, NotFound
from registry.domain.filters import among, in_force
from registry.domain.histories import Said
from registry.domain.messages import notify_review
from registry.domain.policy import Action, Subject, authorise
from registry.domain.transitions import INTEGRATION, check

CHANGED = "Cette étape n’est plus la dernière, ou n’est plus telle qu’elle a été lue : la relire."
SENT_BACK = "Le ministère a renvoyé cette étape : corriger ce qui en est dit."
OVERDUE = "La date promise est passée : en dire une autre."
OTHERS = "Cette étape est du ministère : enregistrer la suivante."
REASON_EXPECTED = "Un motif est attendu : l’éditeur le lira."


class Decision(StrEnum):
    """What the ministry makes of a declaration."""

    VERIFY = "VERIFY"
    SEND_BACK = "SEND_BACK"


@dataclass(frozen=True, slots=True)
class Key:
    """What a history is about; a former key of the product will do."""

    vendor_siren: str
    product: str
    service: Service


@dataclass(frozen=True, slots=True)
class Details:
    """What a step says besides its state. ``feeds`` are what a data API fills in."""

    feeds: tuple[Feed, ...] = ()
    target_date: date | None = None
    min_version: str | None = None


async def record(
    session: AsyncSession,
    actor: Actor,
    key: Key,
    state: IntegrationState,
    details: Details,
    said: Said,
) -> Integration:
    """The vendor's next step; whatever was verified before it, this one is not."""
    product = await _authorised(session, actor, Action.RECORD_INTEGRATION, key)
    last = await _last(session, product, key.service)
    checks = Checks()
    values = _told(checks, key.service, state, details)
    with checks:
        values |= histories.author(actor, Source.VENDOR, said)
    with checks:
        histories.check_day(last, said.day)
    checks.settle()
    check(INTEGRATION, last.state if last else IntegrationState.NONE, state)
    step = Integration(
        product_id=product.recorded_id,
        service=key.service,
        state=state,
        evidence_level=_level(values["evidence_url"]),
        **values,
    )
    await histories.add(session, last, step)
    await ledger.append(session, actor, "record", "integration", [step.recorded_id])
    return step


async def amend(
    session: AsyncSession,
    actor: Actor,
    key: Key,
    step_id: int,
    details: Details,
    evidence_url: str | None,
) -> Integration:
    """What the vendor says of its present step, said again in full; its state and day stay."""
    product = await _authorised(session, actor, Action.RECORD_INTEGRATION, key)
    step = await _read_by(session, await _known(session, product, key.service), step_id)
    if not is_amendable(step):
        raise NotAllowed(OTHERS)
    checks, url = Checks(), None
    values = _told(checks, key.service, step.state, details)
    with checks:
        url = texts.url("evidence_url", evidence_url)
    checks.settle()
    said = {"declared_by": Source.VENDOR, "evidence_url": url, "evidence_level": _level(url)}
    unread = {"reviewed_on": None, "review": None, "confirmed_on": today()}
    step.sqlmodel_update(values | said | unread)
    return await _change(session, actor, "amend", step)


async def confirm(session: AsyncSession, actor: Actor, key: Key, step_id: int) -> Integration:
    """The vendor says of its present step that it still holds: nothing else of it changes, what
    was verified stays so. Raises ``Conflict`` where it must be said in other words.
    """
    product = await _authorised(session, actor, Action.RECORD_INTEGRATION, key)
    step = await _read_by(session, await _known(session, product, key.service), step_id)
    refusal = unconfirmable(step, today())
    if refusal is not None:
        raise Conflict(refusal)
    step.sqlmodel_update({"declared_by": Source.VENDOR, "confirmed_on": today()})
    return await _change(session, actor, "confirm", step)


async def review(
    session: AsyncSession,
    actor: Actor,
    key: Key,
    step_id: int,
    decision: Decision,
    reason: str | None,
) -> Integration:
    """The ministry's word on the step that it read. Sent back, a request for qualification
    returns to the sandbox; any other step stays, and stands on its author's word alone.
    """
    product = await _authorised(session, actor, Action.REVIEW_INTEGRATION, key)
    last = await _known(session, product, key.service)
    authorise(actor, Action.REVIEW_INTEGRATION, _as_declared(actor, product, last))
    said = texts.optional("reason", reason, histories.LONGEST_REASON)
    if decision is Decision.SEND_BACK and said is None:
        raise InvalidInput("reason", REASON_EXPECTED)
    step = await _read_by(session, last, step_id)
    if decision is Decision.SEND_BACK and step.state is IntegrationState.QUALIFICATION_REQUESTED:
        return await _follow(session, actor, step, IntegrationState.SANDBOX, Said(reason=said))
    if decision is Decision.VERIFY and step.evidence_level is EvidenceLevel.VERIFIED:
        raise Conflict("Cette déclaration est déjà vérifiée.")
    verified = decision is Decision.VERIFY
    step.evidence_level = EvidenceLevel.VERIFIED if verified else EvidenceLevel.SELF_DECLARED
    step.reviewed_on, step.review = today(), said
    return await _change(session, actor, "verify" if verified else "send_back", step)


async def suspend(session: AsyncSession, actor: Actor, key: Key, said: Said) -> Integration:
    """The ministry finds that what is qualified no longer works."""
    product = await _authorised(session, actor, Action.REVIEW_INTEGRATION, key)
    last = await _known(session, product, key.service)
    check(INTEGRATION, last.state, IntegrationState.SUSPENDED)
    if not (said.reason or "").strip():
        raise InvalidInput("reason", REASON_EXPECTED)
    return await _follow(session, actor, last, IntegrationState.SUSPENDED, said)


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Integration]:
    rows = await session.scalars(sa.select(Integration).where(among(col(Integration.id), ids)))
    return {row.recorded_id: row for row in rows}


async def current_of_products(
    session: AsyncSession, ids: Sequence[int], day: date
) -> dict[int, list[Integration]]:
    """The row in force for each service, in the order of ``Service``."""
    query = sa.select(Integration).where(
        among(col(Integration.product_id), ids),
        in_force(col(Integration.effective_on), col(Integration.effective_until), day),
    )
    order = list(Service)
    rows = await session.scalars(query)
    return _by_product(sorted(rows, key=lambda row: order.index(row.service)))


async def history_of_products(
    session: AsyncSession, ids: Sequence[int]
) -> dict[int, list[Integration]]:
    """Every row ever recorded, latest first."""
    query = (
        sa.select(Integration)
        .where(among(col(Integration.product_id), ids))
        .order_by(col(Integration.effective_on).desc(), col(Integration.id).desc())
    )
    return _by_product(await session.scalars(query))


async def declared(session: AsyncSession, ids: Sequence[int], day: date) -> set[int]:
    """The products of which their vendor has said something by that day."""
    query = sa.select(col(Integration.product_id)).where(
        among(col(Integration.product_id), ids),
        col(Integration.declared_by) == Source.VENDOR,
        col(Integration.effective_on) <= day,
    )
    return set(await session.scalars(query))


async def latest(
    session: AsyncSession, first: int, vendor_id: int | None = None
) -> list[Integration]:
    """The steps recorded last, of the products of one vendor or of all."""
    query = sa.select(Integration).order_by(col(Integration.id).desc()).limit(first)
    if vendor_id is not None:
        owned = sa.select(col(Product.id)).where(col(Product.vendor_id) == vendor_id)
        query = query.where(col(Integration.product_id).in_(owned))
    return [*await session.scalars(query)]


def is_amendable(row: Integration) -> bool:
    """A step of the ministry's own is not the vendor's to say anew."""
    return row.declared_by in (Source.VENDOR, Source.DATAPASS)


def unconfirmable(row: Integration, day: date) -> str | None:
    """Why its vendor may not just say that the step still holds, if it may not."""
    if not is_amendable(row):
        return OTHERS
    if row.reviewed_on is not None and row.evidence_level is EvidenceLevel.SELF_DECLARED:
        return SENT_BACK
    return OVERDUE if is_late(row, day) else None


def is_late(row: Integration, day: date) -> bool:
    """Promised for a day that has passed."""
    planned = row.state is IntegrationState.PLANNED
    return planned and row.target_date is not None and row.target_date < day


def _by_product(rows: Iterable[Integration]) -> dict[int, list[Integration]]:
    found: dict[int, list[Integration]] = {}
    for row in rows:
        found.setdefault(row.product_id, []).append(row)
    return found


async def _authorised(session: AsyncSession, actor: Actor, action: Action, key: Key) -> Product:
    return await products.authorised(session, actor, action, key.vendor_siren, key.product)


def _as_declared(actor: Actor, product: Product, step: Integration) -> Subject:
    """Where the ministry is itself the vendor, what was declared is its own all the same."""
    own = product.vendor_id in actor.vendors
    return Subject(said_by=Source.MINISTRY if own else step.declared_by)


async def _last(session: AsyncSession, product: Product, service: Service) -> Integration | None:
    found: Integration | None = await session.scalar(
        sa.select(Integration).where(
            col(Integration.product_id) == product.recorded_id,
            col(Integration.service) == service,
            col(Integration.effective_until).is_(None),
        )
    )
    return found


async def _known(session: AsyncSession, product: Product, service: Service) -> Integration:
    last = await _last(session, product, service)
    if last is None:
        raise NotFound("service", f"Rien n’est déclaré de {service} pour ce logiciel.")
    return last


async def _read_by(session: AsyncSession, last: Integration, step_id: int) -> Integration:
    """``last``, held until the end of the transaction, if it is the step that the caller read."""
    held: Integration | None = await session.scalar(
        sa.select(Integration)
        .where(col(Integration.id) == last.id, col(Integration.effective_until).is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if held is None or held.id != step_id:
        raise Conflict(CHANGED)
    return held


def _told(
    checks: Checks, service: Service, state: IntegrationState, details: Details
) -> dict[str, Any]:
    version = None
    with checks:
        _check_feeds(service, details.feeds)
    with checks:
        _check_target(state, details.target_date)
    with checks:
        version = texts.optional("min_version", details.min_version, 200)
    return {
        "feeds": [feed.value for feed in dict.fromkeys(details.feeds)],
        "target_date": details.target_date,
        "min_version": version,
    }


def _check_feeds(service: Service, feeds: Sequence[Feed]) -> None:
    if feeds and service not in DATA_APIS:
        raise InvalidInput("feeds", "Seule une API de données en fournit.")
    tax = service is Service.API_IMPOT_PARTICULIER
    if any((feed is Feed.AVIS_IMPOSITION) is not tax for feed in feeds):
        raise InvalidInput(
            "feeds",
            "AVIS_IMPOSITION vient d’API_IMPOT_PARTICULIER, les autres données d’API_PARTICULIER.",
        )


def _check_target(state: IntegrationState, target: date | None) -> None:
    if target is not None:
        histories.check_year("target_date", target)
    elif state is IntegrationState.PLANNED:
        raise InvalidInput("target_date", "Une intégration prévue l’est pour une date.")


def _level(evidence_url: str | None) -> EvidenceLevel:
    return EvidenceLevel.EVIDENCED if evidence_url else EvidenceLevel.SELF_DECLARED


async def _follow(
    session: AsyncSession, actor: Actor, last: Integration, state: IntegrationState, said: Said
) -> Integration:
    """The ministry's own step after the vendor's."""
    authorise(actor, Action.REVIEW_INTEGRATION, Subject(), state)
    about = histories.author(actor, Source.MINISTRY, said)
    step = Integration(
        product_id=last.product_id,
        service=last.service,
        state=state,
        feeds=last.feeds,
        target_date=last.target_date,
        min_version=last.min_version,
        evidence_level=_level(about["evidence_url"]),
        **about,
    )
    await histories.add(session, last, step)
    await notify_review(session, step)
    action = "send_back" if state is IntegrationState.SANDBOX else "suspend"
    await ledger.append(session, actor, action, "integration", [step.recorded_id])
    return step


async def _change(
    session: AsyncSession, actor: Actor, action: str, step: Integration
) -> Integration:
    await session.flush()
    if action == "send_back":
        await notify_review(session, step)
    await ledger.append(session, actor, action, "integration", [step.recorded_id])
    return step
