"""The demo registry into a registry that is still empty."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.actor import Actor
from registry.exchange import referential
from registry.exchange.bundle import import_bundle
from registry.exchange.demo.bundle import write_demo

VINTAGE = 2026

Progress = Callable[[str, int, int], None]
"""Told a stage's name, and how much of it is done of how much."""


async def load_when_empty(
    session: AsyncSession, actor: Actor, fixtures_dir: Path, tell: Progress
) -> bool:
    """The latest real geography where there is none, then the demo where there is no vendor.

    False when the registry already holds something: nothing is touched.
    """
    if await session.scalar(sa.text("SELECT EXISTS (SELECT FROM vendor)")):
        return False
    tell("géographie", 0, 1)
    geography = referential.locate(fixtures_dir, VINTAGE)
    older = referential.earlier(fixtures_dir, VINTAGE)
    await referential.load(session, actor, geography, older)
    tell("géographie", 1, 1)
    with tempfile.TemporaryDirectory(prefix="raccord-demo-") as name:
        folder = Path(name)
        tell("registre fictif", 0, 1)
        write_demo(folder, geography)
        tell("registre fictif", 1, 1)
        await import_bundle(session, actor, folder, tell)
    return True
