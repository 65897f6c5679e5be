"""What a date brings about by itself."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import ledger
from registry.domain.actor import REGISTRY

TURN = sa.text("SELECT pg_advisory_xact_lock(7032027)")
EXPIRE = sa.text("""
    WITH ended AS (
        UPDATE commitment SET effective_until = greatest(effective_on, valid_until + 1)
        WHERE effective_until IS NULL AND state = 'SIGNED' AND valid_until < :day
        RETURNING *
    )
    INSERT INTO commitment (vendor_id, product_id, state, effective_on, declared_by, actor, reason,
                            charter_version, signatory, signatory_capacity, scope, exclusions,
                            valid_until)
    SELECT vendor_id, product_id, 'EXPIRED', effective_until, 'MINISTRY', :actor, :reason,
           charter_version, signatory, signatory_capacity, scope, exclusions, valid_until
    FROM ended ORDER BY id
    RETURNING id
""")
"""A signature given back after its own end, by a dispute that is dismissed, expires that day.

``BREACH_ALLEGED`` reads as expired too, but only what the dispute comes to may follow it.
"""
REASON = "Arrivé au terme de sa validité."


async def expire_commitments(session: AsyncSession, day: date) -> int:
    """Record the end of the signatures that passed it before ``day``; how many there were."""
    await session.execute(TURN)
    values = {"day": day, "actor": REGISTRY.name, "reason": REASON}
    expired = [*await session.scalars(EXPIRE, values)]
    await ledger.append(session, "expire", "commitment", expired)
    return len(expired)
