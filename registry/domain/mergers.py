"""Two records of one vendor become one."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Vendor
from registry.domain import ledger, products, vendors
from registry.domain.actor import Actor
from registry.domain.constraints import WALL
from registry.domain.errors import InvalidInput, NotAllowed
from registry.domain.policy import Action, authorise
from registry.domain.turns import take_turn

MERGE = sa.text("""
    UPDATE vendor SET merged_into_id = :target WHERE id = :source OR merged_into_id = :source
    RETURNING id
""")

ADOPT = sa.text("""
    UPDATE vendor SET parent_id = :target WHERE parent_id = :source AND id <> :target RETURNING id
""")

TAKE_OVER = sa.text("""
    UPDATE vendor AS target
    SET claimed_on = coalesce(target.claimed_on, source.claimed_on),
        parent_id = CASE WHEN :below THEN source.parent_id ELSE target.parent_id END
    FROM vendor AS source
    WHERE target.id = :target AND source.id = :source
      AND (:below OR (target.claimed_on IS NULL AND source.claimed_on IS NOT NULL))
    RETURNING target.id
""")
"""Whoever took the source over has taken the target over; a target that stood below the source
takes its place, as it would else be its own ancestor.
"""


async def merge(session: AsyncSession, actor: Actor, siren: str, target_siren: str) -> Vendor:
    """The products, the children and the SIREN of the first are the target's from now on; its
    record and what it said for all its products stay, as history.
    """
    authorise(actor, Action.MERGE_VENDORS)
    await take_turn(session)
    source = await vendors.authorised(session, actor, Action.MERGE_VENDORS, siren)
    target = await vendors.authorised(
        session, actor, Action.MERGE_VENDORS, target_siren, "target_siren"
    )
    if source.id == target.id:
        raise InvalidInput("target_siren", f"Ces deux SIREN désignent déjà {target.name}.")
    owned = await products.of_vendor(session, source.recorded_id)
    below = source.siren in await vendors.lineage(session, target.recorded_id)
    await products.move(session, actor, owned, source, target)
    ids = {"source": source.id, "target": target.id}
    taken_over = await session.scalars(TAKE_OVER, {**ids, "below": below})
    merged = [*await session.scalars(MERGE, ids)]
    if not merged:
        raise NotAllowed(WALL)
    changed = {*taken_over, *await session.scalars(ADOPT, ids), *merged}
    await ledger.append(session, "merge", "vendor", sorted(changed))
    await session.refresh(target)
    return target
