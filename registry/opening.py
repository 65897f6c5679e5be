"""The registry's database as the settings name it: an external one, or the embedded one."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from models.migrations import HEAD
from registry.database import (
    UNABLE,
    Database,
    DatabaseError,
    DatabaseUnable,
    Settle,
    connected,
    current_revision,
    known_revisions,
)
from registry.database import migrate as migrate_database
from registry.domain.actor import REGISTRY
from registry.domain.rollout.upkeep import catch_up, settle
from registry.embedded import running
from registry.settings import Settings

LEAST_FREE = 20_000_000
"""Bytes of a disk below which a service is not ready: two pieces of evidence at most."""
READ_ONLY = sa.text(
    "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
)


@dataclass(frozen=True)
class Urls:
    owner: str
    service: str
    embedded: bool


@contextmanager
def located(settings: Settings) -> Iterator[Urls]:
    """The embedded server runs as long as the block does."""
    if settings.database_url is not None:
        owner = settings.owner_database_url or settings.database_url
        yield Urls(owner, settings.database_url, embedded=False)
    else:
        with running(settings.data_dir) as addresses:
            yield Urls(addresses.owner, addresses.service, embedded=True)


@asynccontextmanager
async def opened(
    settings: Settings,
    *,
    connect_timeout: float = 5.0,
    statement_timeout: float = 0,
    lock_timeout: float = 0,
    write_share: int | None = None,
    settle: Settle = settle,
) -> AsyncIterator[Database]:
    """A database at the code's revision. The embedded one is brought to it; another is not.

    Raises ``DatabaseError`` when it is not at that revision.
    """
    with located(settings) as urls:
        await _check(urls)
        async with connected(
            urls.service,
            pool_size=settings.pool_size,
            pool_timeout=settings.pool_timeout,
            write_share=write_share,
            connect_timeout=connect_timeout,
            statement_timeout=statement_timeout,
            lock_timeout=lock_timeout,
            settle=settle,
        ) as database:
            yield database


async def obstacle(database: Database, settings: Settings) -> str | None:
    """Return what keeps the service from doing its work, in French; None: it is ready."""
    try:
        async with database.read() as session:
            if await session.scalar(READ_ONLY):
                return UNABLE["25006"]
    except DatabaseUnable as unable:
        return str(unable)
    except DatabaseError:
        return "La base de données ne répond pas."
    for name, folder in (
        ("des pièces justificatives", settings.evidence_folder),
        ("des déclarations par fichier", settings.uploads_folder),
    ):
        place = next(path for path in (folder, *folder.resolve().parents) if path.exists())
        if not os.access(place, os.W_OK):
            return f"Le dossier {name} ne peut pas être écrit."
        if shutil.disk_usage(place).free < LEAST_FREE:
            return f"Le disque du dossier {name} est plein."
    return None


async def migrate(settings: Settings) -> None:
    with located(settings) as urls:
        _refuse_newer(await current_revision(urls.owner))
        await _migrate(urls)


def _refuse_newer(current: str | None) -> None:
    """Raise ``DatabaseError`` where a later program wrote the database."""
    if current is not None and current not in known_revisions():
        raise DatabaseError(
            f"La base de données est à la révision {current}, que ce programme ne connaît pas : une"
            f" version plus récente de Raccord l’a écrite, celle-ci en est à {HEAD}. Servez-vous de"
            " cette version-là, ou d’une plus récente encore."
        )


async def _check(urls: Urls) -> None:
    current = await current_revision(urls.owner)
    if current == HEAD:
        return
    _refuse_newer(current)
    if not urls.embedded:
        state = f"à la révision {current}" if current else "vide"
        raise DatabaseError(
            f"La base de données est {state}, le programme attend la révision {HEAD} : "
            "lancez « raccord migrate »."
        )
    await _migrate(urls)


async def _migrate(urls: Urls) -> None:
    """What a new revision derives is derived before anyone asks."""
    await migrate_database(urls.owner)
    async with connected(urls.service) as database, database.transaction(REGISTRY) as session:
        await catch_up(session)
