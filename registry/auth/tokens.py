"""A machine token: ``rac_``, 30 random characters of base 62, 6 of their CRC-32.

The sum tells a mistyped token from an unknown one without a question to the database.
"""

import hashlib
import secrets
import string
import zlib
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from models import Token
from registry.domain import tokens
from registry.domain.actor import Actor
from registry.domain.tokens import Holder, Wanted

PREFIX = "rac_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM, SUM = 30, 6


class Issued(NamedTuple):
    """``secret`` exists here and in the answer, nowhere else."""

    token: Token
    secret: str


async def issue(session: AsyncSession, actor: Actor, holder: Holder, wanted: Wanted) -> Issued:
    secret = generate()
    return Issued(await tokens.create(session, actor, holder, wanted, digest(secret)), secret)


async def renew(session: AsyncSession, actor: Actor, token_id: int, days: int | None) -> Issued:
    secret = generate()
    return Issued(await tokens.rotate(session, actor, token_id, days, digest(secret)), secret)


def generate() -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return f"{PREFIX}{body}{_sum(body)}"


def is_well_formed(secret: str) -> bool:
    body, check = secret[len(PREFIX) : -SUM], secret[-SUM:]
    return (
        secret.startswith(PREFIX)
        and len(body) == RANDOM
        and set(body) <= set(ALPHABET)
        and secrets.compare_digest(check.encode(), _sum(body).encode())
    )


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _sum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(SUM):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
