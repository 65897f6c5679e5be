"""The no-surcharge commitment: moved by its vendor, and read; an expired signature says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import (
    Campaign,
    Commitment,
    CommitmentState,
    Product,
    Source,
    SurchargeKind,
    Vendor,
)
from registry.domain import histories, ledger, products, texts
from registry.domain.actor import Actor
from registry.domain.errors import Checks, Conflict, InvalidInput, NotFound, NotInThisState
from registry.domain.filters import among, checked_siren, in_force
from registry.domain.histories import Said
from registry.domain.messages import notify_commitment
from registry.domain.policy import Action, Subject, authorise, may
from registry.domain.transitions import COMMITMENT, CommitmentRead, commitment_as_read, refusal
from registry.domain.turns import take_turn_on
from registry.domain.words import COMMITMENT_STATES, SURCHARGE_KINDS

BY_SIREN = sa.text("SELECT vendor_id FROM vendor_key WHERE siren = :siren")
VENDOR_ID = col(Commitment.vendor_id)

HOLDS = sa.text("""
    SELECT merged_into_id IS NULL AND (CAST(:product AS bigint) IS NULL OR EXISTS (
        SELECT FROM product WHERE id = :product AND vendor_id = vendor.id))
    FROM vendor WHERE id = :vendor
""")

YIELDING = (CommitmentState.NONE, CommitmentState.INVITED, CommitmentState.EXPIRED)
"""Where a product's own commitment reads one of these, the vendor-wide one applies."""

_SIGNED = (CommitmentState.SIGNED, CommitmentState.BREACH_ALLEGED)

_ACTIONS = {
    CommitmentState.SIGNED: "sign",
    CommitmentState.DECLINED: "decline",
    CommitmentState.WITHDRAWN: "withdraw",
    CommitmentState.INVITED: "invite",
}

BREACHED = COMMITMENT_STATES[CommitmentState.BREACHED]
OTHERS_DECIDE = {
    CommitmentState.BREACH_ALLEGED: "Un signalement de surcoût est à l’étude :"
    " l’engagement redevient signé s’il est écarté.",
    CommitmentState.BREACHED: f"Cet engagement est {BREACHED} :"
    " seul le ministère le rétablit, par acceptCommitment.",
}
"""The states that a vendor does not leave by signing again, and the way out."""


Holder = tuple[int, int | None]
"""Whose history: the vendor's id, and the product's or none for the vendor-wide one."""


@dataclass(frozen=True, slots=True)
class Key:
    """Whose commitment: a vendor's for all its products, or for the one of that slug."""

    vendor_siren: str
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What is signed, and by whom. ``scope`` is what the vendor will not charge."""

    charter_version: str
    signatory: str
    signatory_capacity: str
    scope: tuple[SurchargeKind, ...]
    exclusions: str | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class _Author:
    """Who moves whose commitment, and as whom."""

    actor: Actor
    source: Source
    vendor_id: int
    product_id: int | None = None


async def sign(
    session: AsyncSession, actor: Actor, key: Key, signature: Signature, said: Said
) -> Commitment:
    author = await _author(session, actor, Action.MOVE_COMMITMENT, key, CommitmentState.SIGNED)
    current = await session.scalar(sa.select(col(Campaign.charter_version))) or ""
    checks = Checks()
    values = _signed(checks, signature, current, said.day)
    return await _move(session, author, CommitmentState.SIGNED, said, checks, **values)


async def decline(session: AsyncSession, actor: Actor, key: Key, said: Said) -> Commitment:
    author = await _author(session, actor, Action.MOVE_COMMITMENT, key, CommitmentState.DECLINED)
    return await _move(session, author, CommitmentState.DECLINED, said, Checks())


async def withdraw(session: AsyncSession, actor: Actor, key: Key, said: Said) -> Commitment:
    author = await _author(session, actor, Action.MOVE_COMMITMENT, key, CommitmentState.WITHDRAWN)
    return await _move(session, author, CommitmentState.WITHDRAWN, said, Checks())


async def invite(session: AsyncSession, actor: Actor, key: Key, said: Said) -> Commitment:
    """The ministry asks a vendor that has said nothing."""
    author = await _author(session, actor, Action.REVIEW_COMMITMENT, key, CommitmentState.INVITED)
    return await _move(session, author, CommitmentState.INVITED, said, Checks())


async def accept(session: AsyncSession, actor: Actor, key: Key, said: Said) -> Commitment:
    """After a breach the ministry lets the last signature stand again, as it was given."""
    author = await _author(session, actor, Action.REVIEW_COMMITMENT, key, CommitmentState.SIGNED)
    checks = Checks()
    with checks:
        texts.required("reason", said.reason or "", histories.LONGEST_REASON)
    given = await _last_given(session, author)
    return await _move(session, author, CommitmentState.SIGNED, said, checks, **given)


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Commitment]:
    rows = await session.scalars(sa.select(Commitment).where(among(col(Commitment.id), ids)))
    return {row.recorded_id: row for row in rows}


async def steps_of(
    session: AsyncSession, holders: Sequence[Holder]
) -> dict[Holder, list[Commitment]]:
    """Every step ever recorded for each vendor and product, latest first."""
    rows = await session.scalars(
        sa.select(Commitment)
        .where(among(VENDOR_ID, {vendor_id for vendor_id, _ in holders}))
        .order_by(col(Commitment.effective_on).desc(), col(Commitment.id).desc())
    )
    found: dict[Holder, list[Commitment]] = {}
    for row in rows:
        found.setdefault((row.vendor_id, row.product_id), []).append(row)
    return found


def open_to_vendor(current: CommitmentRead | None) -> frozenset[CommitmentState]:
    """What the vendor may make of its commitment as it reads now."""
    state = current.state if current else CommitmentState.NONE
    moves = {CommitmentState.DECLINED, CommitmentState.WITHDRAWN}
    if state not in OTHERS_DECIDE:
        moves.add(CommitmentState.SIGNED)
    return COMMITMENT[state] & moves


def by_ministry(state: CommitmentState) -> CommitmentState | None:
    """Where the ministry may bring it: it invites who said nothing, accepts after a breach."""
    reached = {
        CommitmentState.NONE: CommitmentState.INVITED,
        CommitmentState.BREACHED: CommitmentState.SIGNED,
    }
    return reached.get(state)


def signatory(actor: Actor, row: Commitment) -> str | None:
    """A person's name: for the vendor itself and the ministry."""
    subject = Subject(vendor=row.vendor_id)
    return row.signatory if may(actor, Action.SEE_SIGNATORY, subject) else None


def vendor_wide_state(day: date) -> sa.Select[str]:
    """What the vendor-wide rows in force read, for a query to narrow by ``VENDOR_ID``."""
    past = col(Commitment.valid_until) < day
    signed = col(Commitment.state).in_(_SIGNED)
    stored = sa.cast(col(Commitment.state), sa.Text)
    reading = sa.case((sa.and_(signed, past), CommitmentState.EXPIRED.value), else_=stored)
    return sa.select(reading).where(col(Commitment.product_id).is_(None), _in_force(day))


async def vendor_wide(
    session: AsyncSession, vendor_ids: Sequence[int], day: date
) -> dict[int, CommitmentRead]:
    query = sa.select(Commitment).where(
        among(VENDOR_ID, vendor_ids),
        col(Commitment.product_id).is_(None),
        _in_force(day),
    )
    return {row.vendor_id: read(row, day) for row in await session.scalars(query)}


async def applying(
    session: AsyncSession, product_ids: Sequence[int], day: date
) -> dict[int, CommitmentRead]:
    """The commitment that applies to each product; products without any are absent.

    A product's own that gives way still shows where its vendor has none at all.
    """
    query = (
        sa.select(sa.type_coerce(col(Product.id), sa.BigInteger), Commitment)
        .join(
            Commitment,
            sa.or_(
                col(Commitment.product_id) == col(Product.id),
                sa.and_(col(Commitment.product_id).is_(None), col(Product.vendor_id) == VENDOR_ID),
            ),
        )
        .where(among(col(Product.id), product_ids), _in_force(day))
    )
    own: dict[int, CommitmentRead] = {}
    wide: dict[int, CommitmentRead] = {}
    for product_id, row in await session.execute(query):
        (wide if row.product_id is None else own)[product_id] = read(row, day)
    standing = {key: read for key, read in own.items() if read.state not in YIELDING}
    return own | wide | standing


async def signed_vendor_wide(session: AsyncSession, day: date) -> list[Commitment]:
    """The vendor-wide commitments that read ``SIGNED``, oldest first; a merged vendor's is past."""
    query = (
        sa.select(Commitment)
        .join(Vendor, sa.and_(col(Vendor.id) == VENDOR_ID, col(Vendor.merged_into_id).is_(None)))
        .where(
            col(Commitment.product_id).is_(None),
            col(Commitment.state) == CommitmentState.SIGNED,
            sa.or_(col(Commitment.valid_until).is_(None), col(Commitment.valid_until) >= day),
            _in_force(day),
        )
        .order_by(col(Commitment.effective_on), VENDOR_ID)
    )
    return list(await session.scalars(query))


async def _author(
    session: AsyncSession, actor: Actor, action: Action, key: Key, state: CommitmentState
) -> _Author:
    product = None
    if key.product is not None:
        product = await products.authorised(session, actor, action, key.vendor_siren, key.product)
    vendor_id = product.vendor_id if product else await _vendor_id(session, key.vendor_siren)
    reviews_itself = action is Action.REVIEW_COMMITMENT and vendor_id in actor.vendors
    said_by = Source.MINISTRY if reviews_itself else None
    capacity = authorise(actor, action, Subject(vendor=vendor_id, said_by=said_by), state)
    if vendor_id is None:
        raise NotFound("vendor_siren", f"Aucun éditeur n’a le SIREN {key.vendor_siren}.")
    return _Author(actor, capacity.source, vendor_id, product.id if product else None)


async def _vendor_id(session: AsyncSession, siren: str) -> int | None:
    found: int | None = await session.scalar(
        BY_SIREN, {"siren": checked_siren("vendor_siren", siren)}
    )
    return found


def _signed(checks: Checks, given: Signature, current: str, day: date) -> dict[str, Any]:
    values: dict[str, Any] = {
        "charter_version": current,
        "scope": [kind.value for kind in SurchargeKind],
        "valid_until": given.valid_until,
    }
    with checks:
        if given.charter_version != current:
            raise InvalidInput(
                "charter_version",
                f"La charte en vigueur est la version {current} : la lire, puis signer celle-ci.",
            )
    for name in ("signatory", "signatory_capacity"):
        with checks:
            values[name] = texts.required(name, getattr(given, name), 200)
    with checks:
        if missing := [words for kind, words in SURCHARGE_KINDS.items() if kind not in given.scope]:
            raise InvalidInput(
                "scope",
                f"La charte compte aussi comme surcoût : {', '.join(missing)}."
                " Ce qui n’est pas couvert se dit dans les exclusions.",
            )
    with checks:
        values["exclusions"] = texts.optional("exclusions", given.exclusions, 2000)
    with checks:
        _check_end(given.valid_until, day)
    return values


def _check_end(valid_until: date | None, day: date) -> None:
    if valid_until is None:
        return
    histories.check_year("valid_until", valid_until)
    if valid_until <= day:
        raise InvalidInput("valid_until", f"Une date après le {day:%d/%m/%Y} est attendue.")


async def _last_given(session: AsyncSession, author: _Author) -> dict[str, Any]:
    """What a new signature by the ministry repeats; a breach tells it where no signature does."""
    last = await session.scalar(
        sa.select(Commitment)
        .where(*_of(author), col(Commitment.state).in_((*_SIGNED, CommitmentState.BREACHED)))
        .order_by(
            (col(Commitment.state) == CommitmentState.SIGNED).desc(),
            col(Commitment.effective_on).desc(),
            col(Commitment.id).desc(),
        )
        .limit(1)
    )
    copied = (*Signature.__dataclass_fields__,)
    return {name: getattr(last, name) for name in copied} if last else {}


async def _move(
    session: AsyncSession,
    author: _Author,
    wanted: CommitmentState,
    said: Said,
    checks: Checks,
    **values: Any,
) -> Commitment:
    await _take_turn(session, author)
    last = await session.scalar(
        sa.select(Commitment).where(*_of(author), col(Commitment.effective_until).is_(None))
    )
    with checks:
        values |= histories.author(author.actor, author.source, said)
    with checks:
        histories.check_day(last, said.day)
    checks.settle()
    _check_arrow(last, wanted, author.source, said.day)
    step = Commitment(
        vendor_id=author.vendor_id, product_id=author.product_id, state=wanted, **values
    )
    await histories.add(session, last, step)
    await notify_commitment(session, step)
    by_ministry = wanted is CommitmentState.SIGNED and author.source is Source.MINISTRY
    action = "accept" if by_ministry else _ACTIONS[wanted]
    await ledger.append(session, action, "commitment", [step.recorded_id])
    return step


async def _take_turn(session: AsyncSession, author: _Author) -> None:
    """Nobody else moves the product, or what its vendor says, until the transaction ends."""
    await take_turn_on(session, "vendor", author.vendor_id)
    values = {"vendor": author.vendor_id, "product": author.product_id}
    if not await session.scalar(HOLDS, values):
        raise Conflict("Ce logiciel vient de changer d’éditeur : relire, puis refaire.")


def _of(author: _Author) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        among(VENDOR_ID, [author.vendor_id]),
        col(Commitment.product_id).is_not_distinct_from(author.product_id),
    )


def _check_arrow(
    last: Commitment | None, wanted: CommitmentState, source: Source, day: date
) -> None:
    """An arrow may start from the recorded state, or from the state as it reads that day."""
    recorded = last.state if last else CommitmentState.NONE
    read = commitment_as_read(recorded, last.valid_until if last else None, day)
    starts = {recorded, read}
    if any(wanted in COMMITMENT[state] and _is_its(source, state, wanted) for state in starts):
        return
    allowed = tuple(sorted(COMMITMENT[recorded] | COMMITMENT[read]))
    said = refusal(read, wanted, allowed)
    if wanted is CommitmentState.SIGNED and source is Source.VENDOR:
        said = OTHERS_DECIDE.get(read, said)
    raise NotInThisState(said, read, allowed)


def _is_its(source: Source, state: CommitmentState, wanted: CommitmentState) -> bool:
    """After a breach a signature stands again by the ministry, and by it alone; where a breach
    is alleged, by the dispute's outcome.
    """
    if wanted is not CommitmentState.SIGNED:
        return True
    by_ministry = source is Source.MINISTRY
    return state is CommitmentState.BREACHED if by_ministry else state not in OTHERS_DECIDE


def read(row: Commitment, day: date) -> CommitmentRead:
    return CommitmentRead(row, commitment_as_read(row.state, row.valid_until, day))


def _in_force(day: date) -> sa.ColumnElement[bool]:
    return in_force(col(Commitment.effective_on), col(Commitment.effective_until), day)
