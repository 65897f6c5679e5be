"""A product under another key: the ones it had are still accepted."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Commitment, CommitmentState, Product, Vendor
from registry.domain import commitments, histories, ledger, vendors, versions
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Conflict, InvalidInput, NotInThisState
from registry.domain.filters import among
from registry.domain.policy import Action
from registry.domain.products.reading import authorised, checked_slug
from registry.domain.products.writing import refuse_taken
from registry.domain.search import folded
from registry.domain.transitions import COMMITMENT, CommitmentRead
from registry.domain.turns import take_turn
from registry.domain.words import of

KEEP_KEYS = sa.text("""
    INSERT INTO product_former_key (vendor_siren, slug, product_id)
    SELECT vendor.siren, product.slug, product.id
    FROM product JOIN vendor ON vendor.id = product.vendor_id
    WHERE product.id = ANY(:ids) ORDER BY product.id RETURNING id
""")

TAKEN_BACK = sa.text("""
    SELECT former.id
    FROM product_former_key AS former
    JOIN product ON product.id = former.product_id AND product.slug = former.slug
    JOIN vendor ON vendor.id = product.vendor_id AND vendor.siren = former.vendor_siren
    WHERE product.id = ANY(:ids)
""")

FORGET_KEYS = sa.text("DELETE FROM product_former_key WHERE id = ANY(:ids)")

MOVE = sa.text(
    "UPDATE product SET vendor_id = :buyer WHERE id = ANY(:ids) AND vendor_id = :seller"
    " RETURNING id"
)

MOVE_STEPS = sa.text(
    "UPDATE commitment SET vendor_id = :buyer WHERE product_id = ANY(:ids) RETURNING id"
)

_C = CommitmentState

IMPLIED: dict[CommitmentState, tuple[CommitmentState, ...]] = {
    _C.WITHDRAWN: (_C.SIGNED, _C.WITHDRAWN),
    _C.BREACH_ALLEGED: (_C.SIGNED, _C.BREACH_ALLEGED),
    _C.BREACHED: (_C.SIGNED, _C.BREACH_ALLEGED, _C.BREACHED),
}
"""What was said before a state, that the arrows of a history want said as well."""

COPIED = (
    "declared_by",
    "evidence_url",
    "charter_version",
    "signatory",
    "signatory_capacity",
    "scope",
    "exclusions",
    "valid_until",
)


async def rename(
    session: AsyncSession, actor: Actor, vendor_siren: str, slug: str, version: int, new_slug: str
) -> Product:
    product = await authorised(session, actor, Action.MOVE_PRODUCT, vendor_siren, slug)
    await take_turn(session)
    await versions.check(session, product, version)
    key = checked_slug("slug", new_slug)
    if key == product.slug:
        raise InvalidInput("slug", f"« {key} » est déjà l’identifiant de ce logiciel.")
    owner = (await vendors.by_ids(session, [product.vendor_id]))[product.vendor_id]
    ids = [product.recorded_id]
    await refuse_taken(session, owner, [key], ids)
    kept = await _keep_keys(session, ids)
    product.sqlmodel_update({"slug": key, "search": folded(product.name, key)})
    session.add(product)
    await session.flush()
    await _record(session, "rename", ids, kept)
    return product


async def transfer(
    session: AsyncSession,
    actor: Actor,
    vendor_siren: str,
    slug: str,
    version: int,
    new_vendor_siren: str,
) -> Product:
    """To another vendor, with its history, its clients and the seller's word: see ``move``."""
    product = await authorised(session, actor, Action.MOVE_PRODUCT, vendor_siren, slug)
    await take_turn(session)
    await versions.check(session, product, version)
    seller = (await vendors.by_ids(session, [product.vendor_id]))[product.vendor_id]
    buyer = await vendors.by_siren(session, new_vendor_siren, "new_vendor_siren")
    if buyer is None or buyer.id == seller.id:
        raise InvalidInput("new_vendor_siren", "Un autre éditeur du registre est attendu.")
    await move(session, actor, [product], seller, buyer)
    await session.refresh(product)
    return product


async def move(
    session: AsyncSession, actor: Actor, products: Sequence[Product], seller: Vendor, buyer: Vendor
) -> None:
    """Their keys are kept, and what the seller says for all its products is copied as their own,
    so that the buyer's word neither replaces it nor is heard in its place. What gives way is not
    copied: there the buyer's word applies, as to all that it sells.
    """
    ids = [product.recorded_id for product in products]
    await refuse_taken(session, buyer, [product.slug for product in products], ids)
    await _copy_commitment(session, actor, products, seller)
    kept = await _keep_keys(session, ids)
    steps = await session.scalars(MOVE_STEPS, {"buyer": buyer.id, "ids": ids})
    moved = [*steps]
    away = {"buyer": buyer.id, "seller": seller.id, "ids": ids}
    if len([*await session.scalars(MOVE, away)]) < len(ids):
        raise Conflict("Un de ces logiciels vient de changer d’éditeur : relire, puis refaire.")
    await _record(session, "transfer", ids, kept)
    await ledger.append(session, "transfer", "commitment", moved)


async def _keep_keys(session: AsyncSession, ids: Sequence[int]) -> list[int]:
    return [*await session.scalars(KEEP_KEYS, {"ids": list(ids)})]


async def _record(
    session: AsyncSession, action: str, ids: Sequence[int], kept: Sequence[int]
) -> None:
    """And a former key that is the product's own again is former no more."""
    gone = [*await session.scalars(TAKEN_BACK, {"ids": list(ids)})]
    await ledger.append(session, action, "product", ids)
    await ledger.append(session, "create", "product_former_key", kept)
    await ledger.append(session, "delete", "product_former_key", gone)
    await session.execute(FORGET_KEYS, {"ids": gone})


async def _copy_commitment(
    session: AsyncSession, actor: Actor, products: Sequence[Product], seller: Vendor
) -> None:
    day = today()
    seller_id = seller.recorded_id
    word = (await commitments.vendor_wide(session, [seller_id], day)).get(seller_id)
    if word is None or word.state in commitments.YIELDING:
        return
    own = await _own(session, [product.recorded_id for product in products])
    for product in products:
        last = own.get(product.recorded_id)
        if last is None:
            session.add(_step(actor, seller, product, word, word.state, word.row.effective_on))
        elif (read := commitments.read(last, day)).state in commitments.YIELDING:
            await _follow(session, actor, seller, product, word, read)
    await session.flush()


async def _own(session: AsyncSession, ids: Sequence[int]) -> dict[int | None, Commitment]:
    query = sa.select(Commitment).where(
        among(col(Commitment.product_id), ids), col(Commitment.effective_until).is_(None)
    )
    return {row.product_id: row for row in await session.scalars(query)}


async def _follow(
    session: AsyncSession,
    actor: Actor,
    seller: Vendor,
    product: Product,
    word: CommitmentRead,
    last: CommitmentRead,
) -> None:
    """A product's own word that gives way is followed by the seller's, once it does."""
    path = IMPLIED.get(word.state, (word.state,))
    following = COMMITMENT[last.state]
    if path[0] not in following:
        raise NotInThisState(
            f"« {product.slug} » : l’engagement propre à ce logiciel a expiré, et le refus de"
            f" {seller.name} ne peut pas lui succéder. L’éditeur doit d’abord signer à nouveau,"
            " pour ce logiciel ou pour tous.",
            last.state,
            tuple(sorted(following)),
        )
    ended = last.row.valid_until
    days = [word.row.effective_on, last.row.effective_on]
    if ended is not None and last.row.state is not last.state:
        days.append(ended + timedelta(days=1))
    before = last.row
    for state in path:
        step = _step(actor, seller, product, word, state, max(days))
        await histories.add(session, before, step)
        before = step


def _step(
    actor: Actor,
    seller: Vendor,
    product: Product,
    word: CommitmentRead,
    state: CommitmentState,
    day: date,
) -> Commitment:
    """Of the day when it was said, not of the transfer: an old word is not a fresh one."""
    copied: dict[str, Any] = {name: getattr(word.row, name) for name in COPIED}
    return Commitment(
        vendor_id=seller.recorded_id,
        product_id=product.recorded_id,
        state=state,
        effective_on=day,
        actor=actor.name,
        organisation=actor.organisation,
        reason=f"Engagement {of(seller.name)} ({seller.siren}), repris au transfert du logiciel.",
        **copied,
    )
