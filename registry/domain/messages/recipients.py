"""Where organisations read their e-mails."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.contacts import sendable
from registry.domain.freshness import months_before

REMEMBERED_MONTHS = 13

OF_VENDORS = sa.text("""
    WITH addressed AS (SELECT id, siren, contact FROM vendor WHERE id = ANY(:ids))
    SELECT id, contact FROM addressed WHERE contact IS NOT NULL
    UNION ALL
    SELECT addressed.id, email FROM addressed
    JOIN account_mailboxes(ARRAY(SELECT siren FROM addressed), :since) USING (siren)
""")
OF_COLLECTIVITES = sa.text("""
    WITH addressed AS (
        SELECT body.id, heir.siren FROM collectivite AS body
        JOIN collectivite AS heir ON heir.id = coalesce(body.successor_id, body.id)
        WHERE body.id = ANY(:ids)
    )
    SELECT addressed.id, email FROM addressed
    JOIN account_mailboxes(ARRAY(SELECT siren FROM addressed), :since) USING (siren)
""")
"""Sessions are forgotten after a day; the ledger keeps when an account signed in."""


async def of_vendors(session: AsyncSession, ids: Sequence[int]) -> dict[int, set[str]]:
    """For each, its functional mailbox and those of its own who signed in lately."""
    return await _mailboxes(session, OF_VENDORS, ids)


async def of_collectivites(session: AsyncSession, ids: Sequence[int]) -> dict[int, set[str]]:
    """For each, those who signed in lately for it, or for the one that took over from it."""
    return await _mailboxes(session, OF_COLLECTIVITES, ids)


async def _mailboxes(
    session: AsyncSession, query: sa.TextClause, ids: Sequence[int]
) -> dict[int, set[str]]:
    """Without what no message can be addressed to: a contact may be a page."""
    now = datetime.now(UTC)
    since = datetime.combine(months_before(now.date(), REMEMBERED_MONTHS), now.timetz())
    found: dict[int, set[str]] = {identifier: set() for identifier in ids}
    for identifier, address in await session.execute(query, {"ids": [*ids], "since": since}):
        mailbox = sendable(address.lower())
        if mailbox is not None:
            found[identifier].add(mailbox)
    return found
