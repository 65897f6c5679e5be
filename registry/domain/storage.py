"""Files that are kept for an organisation: how many bytes in all, how long, and which nobody needs.

Who records a file, and who removes it, hold its digest: a file that is needed is never removed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import BulkDeclaration, Evidence
from registry.domain.clock import now
from registry.domain.errors import InvalidInput

HOLD = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 7032028))")
USED = sa.text("""
    SELECT (SELECT coalesce(sum(size), 0) FROM evidence WHERE siren = :siren AND digest <> :digest)
         + (SELECT coalesce(sum(size), 0) FROM (
                SELECT DISTINCT ON (digest) size FROM bulk_declaration
                WHERE siren = :siren AND digest <> :digest
                  AND (ended_at IS NULL OR ended_at > :since)) AS uploads)
""")


@dataclass(frozen=True, slots=True)
class Allowance:
    """``total`` bytes for each organisation, 0 being no limit; an upload stays ``days`` after it
    was worked on, evidence that nothing cites ``evidence_days`` after it was given.
    """

    total: int
    days: int
    evidence_days: int

    @property
    def uploads_since(self) -> datetime:
        return now() - timedelta(days=self.days)

    @property
    def evidence_since(self) -> datetime:
        return now() - timedelta(days=self.evidence_days)


class StorageFull(InvalidInput):
    code = "LIMIT_EXCEEDED"


async def hold(session: AsyncSession, digest: bytes) -> None:
    """Until the transaction ends, nobody else records or removes the file."""
    await session.execute(HOLD, {"what": digest.hex()})


async def take_room(
    session: AsyncSession, siren: str, digest: bytes, size: int, allowance: Allowance
) -> None:
    """Hold the file, which counts once however often it is sent. Raises ``StorageFull``.

    Two files of one organisation wait for each other, so that both never take the same room.
    """
    await session.execute(HOLD, {"what": siren})
    await hold(session, digest)
    if allowance.total == 0:
        return
    values = {"siren": siren, "digest": digest, "since": allowance.uploads_since}
    used = await session.scalar(USED, values) or 0
    if used + size > allowance.total:
        raise StorageFull(
            "file",
            f"Les fichiers et pièces de votre organisation occupent {used} octets, et celui-ci en"
            f" a {size} : {allowance.total} au plus. Un fichier s’efface {allowance.days} jours"
            f" après son traitement, une pièce que rien ne cite {allowance.evidence_days} jours"
            " après son dépôt : réessayer ensuite, ou demander plus de place au ministère.",
        )


async def needed_uploads(
    session: AsyncSession, digests: Sequence[bytes], since: datetime
) -> Collection[bytes]:
    """Those that wait, are being worked on, or ended since."""
    ended = col(BulkDeclaration.ended_at)
    query = sa.select(col(BulkDeclaration.digest)).where(
        col(BulkDeclaration.digest).in_(digests), sa.or_(ended.is_(None), ended > since)
    )
    return {*await session.scalars(query)}


async def needed_evidence(session: AsyncSession, digests: Sequence[bytes]) -> Collection[bytes]:
    query = sa.select(col(Evidence.digest)).where(col(Evidence.digest).in_(digests))
    return {*await session.scalars(query)}
