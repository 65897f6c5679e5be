import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Token


async def by_digest(session: AsyncSession, digest: bytes) -> Token | None:
    found: Token | None = await session.scalar(sa.select(Token).where(col(Token.digest) == digest))
    return found
