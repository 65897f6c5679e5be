"""A write under its caller's key happens once, however often it is asked."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import IdempotencyKey
from registry.domain.actor import Actor
from registry.domain.errors import InvalidInput, KeyReused

MAX_LENGTH = 200


async def take(
    session: AsyncSession, actor: Actor, key: str, digest: bytes, noun: str
) -> int | None:
    """The id of the record that the same request wrote before; None on the first time.

    A request at the same moment waits for the other's transaction. Raises ``KeyReused`` where
    the key served for another request.
    """
    if not 0 < len(key) <= MAX_LENGTH or not key.isprintable():
        raise InvalidInput("idempotency_key", f"Une clé a de 1 à {MAX_LENGTH} caractères lisibles.")
    taken = await session.scalar(
        postgresql.insert(IdempotencyKey)
        .values(actor=actor.name, key=key, digest=digest, noun=noun, subject_id=0)
        .on_conflict_do_nothing()
        .returning(col(IdempotencyKey.id))
    )
    if taken is not None:
        return None
    before = (
        await session.scalars(
            sa.select(IdempotencyKey).where(
                col(IdempotencyKey.actor) == actor.name, col(IdempotencyKey.key) == key
            )
        )
    ).one()
    if before.digest != digest:
        raise KeyReused("Cette clé d’idempotence a déjà servi pour une autre demande.")
    return before.subject_id


async def keep(session: AsyncSession, actor: Actor, key: str, subject_id: int) -> None:
    await session.execute(
        sa.update(IdempotencyKey)
        .where(
            col(IdempotencyKey.actor) == actor.name,
            col(IdempotencyKey.key) == key,
            col(IdempotencyKey.subject_id) == 0,
        )
        .values(subject_id=subject_id)
    )
