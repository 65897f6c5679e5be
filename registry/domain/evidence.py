"""Files given as evidence: whose they are, and who may read them."""

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Evidence
from registry.domain import ledger, storage, turns
from registry.domain.actor import Actor
from registry.domain.errors import InvalidInput, NotAllowed
from registry.domain.filters import among, checked_siren
from registry.domain.policy import Action, Subject, authorise, may
from registry.domain.storage import Allowance

OURS = re.compile(r".*/evidence/([0-9a-f]{64})", re.DOTALL)
"""The end of the address of a file that the registry keeps, whatever the host it is served by."""

PUBLISHED = sa.text("""
    SELECT EXISTS (SELECT FROM integration WHERE evidence_url LIKE :ending)
        OR EXISTS (SELECT FROM commitment WHERE evidence_url LIKE :ending)
""")

DISPUTED = sa.text("""
    SELECT DISTINCT product.vendor_id, dispute.collectivite_id
    FROM dispute_transition AS step
    JOIN dispute ON dispute.id = step.dispute_id
    JOIN product ON product.id = dispute.product_id
    WHERE step.evidence_url LIKE :ending
""")

MOST = 500
"""Rows that are removed in one transaction, during which nobody else writes."""
CITING = ("integration", "commitment", "activation", "dispute_transition", "grant_claim_transition")
CITED = " UNION ALL ".join(
    f"SELECT substring(evidence_url FROM '/evidence/([0-9a-f]{{64}})') FROM {table}"
    " WHERE evidence_url LIKE '%/evidence/%'"
    for table in CITING
)
UNCITED = sa.text(f"""
    SELECT id FROM evidence
    WHERE created_at < :before AND encode(digest, 'hex') NOT IN (
        SELECT cited FROM ({CITED}) AS step (cited) WHERE cited IS NOT NULL)
    ORDER BY id LIMIT :most
""")
UNCITED_HELD = sa.text(f"{UNCITED.text} FOR UPDATE SKIP LOCKED")


def depositor(actor: Actor, siren: str | None) -> str:
    """The organisation that the actor gives evidence for: that of ``siren``, or the one that it
    represents.
    """
    wanted = actor.represented if siren is None else checked_siren("siren", siren)
    authorise(actor, Action.GIVE_EVIDENCE, Subject(siren=wanted))
    if wanted is None:
        raise NotAllowed("Une pièce se dépose au nom d’une organisation.")
    return wanted


@dataclass(frozen=True, slots=True)
class File:
    """What was received, by its SHA-256."""

    digest: bytes
    media_type: str
    size: int


async def give(
    session: AsyncSession, actor: Actor, siren: str, file: File, allowance: Allowance
) -> bool:
    """Whether it is new: the same file given twice by an organisation is one.

    The file is the caller's to put in its place before the transaction ends, which holds it.
    Raises ``StorageFull``.
    """
    authorise(actor, Action.GIVE_EVIDENCE, Subject(siren=siren))
    await storage.take_room(session, siren, file.digest, file.size, allowance)
    given = await session.scalar(
        postgresql.insert(Evidence)
        .values(digest=file.digest, siren=siren, media_type=file.media_type, size=file.size)
        .on_conflict_do_nothing()
        .returning(col(Evidence.id))
    )
    await ledger.append(session, "give", "evidence", [] if given is None else [given])
    return given is not None


async def check(session: AsyncSession, actor: Actor, url: str | None) -> None:
    """What is cited at an address of ours was given by an organisation that the actor acts for.

    Otherwise a vendor could publish the quote that a town showed to the ministry alone. The file
    is held to the end of the transaction: see ``remove_uncited``.
    """
    cited = OURS.fullmatch((url or "").strip())
    if cited is None:
        return
    given = await session.scalar(
        sa.select(col(Evidence.id))
        .where(
            col(Evidence.digest) == bytes.fromhex(cited[1]),
            among(col(Evidence.siren), actor.sirens),
        )
        .limit(1)
        .with_for_update(read=True, key_share=True)
    )
    if given is None:
        raise InvalidInput(
            "evidence_url", "Votre organisation n’a pas déposé de pièce à cette adresse."
        )


async def readable(session: AsyncSession, actor: Actor, digest: bytes) -> Evidence | None:
    """None where there is no such file, or none for this reader.

    A file that an integration or a commitment cites is public; one that a dispute cites is also
    for both its sides.
    """
    query = sa.select(Evidence).where(col(Evidence.digest) == digest).order_by(col(Evidence.id))
    rows = list(await session.scalars(query))
    if not rows:
        return None
    ending = {"ending": f"%/evidence/{digest.hex()}"}
    if await session.scalar(PUBLISHED, ending):
        return rows[0]
    subjects = [Subject(siren=row.siren) for row in rows] + [
        Subject(vendor=vendor_id, collectivite=collectivite_id)
        for vendor_id, collectivite_id in await session.execute(DISPUTED, ending)
    ]
    readers = any(may(actor, Action.SEE_EVIDENCE, subject) for subject in subjects)
    return rows[0] if readers else None


async def remove_uncited(session: AsyncSession, before: datetime) -> int:
    """Those given before that day and cited nowhere; how many there were, ``MOST`` at a time.

    Who loads, who writes and who cites all wait, and what they wrote is seen: the loads' turn and
    the ledger's come first, then the rows that nobody is citing now.
    """
    values = {"before": before, "most": MOST}
    if await session.scalar(UNCITED, values) is None:
        return 0
    await turns.take_turn(session)
    await ledger.take_turn(session)
    held = await session.scalars(UNCITED_HELD, values)
    ids = [*held]
    await ledger.append(session, "delete", "evidence", ids)
    await session.execute(sa.delete(Evidence).where(col(Evidence.id).in_(ids)))
    return len(ids)
