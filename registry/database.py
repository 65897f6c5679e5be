"""The engine and the only places that open, begin and commit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.util import await_only, greenlet_spawn

from models.migrations import CannotMigrate, schema_digest
from registry.guard import (
    GUARDED,
    SERVICE_ROLE,
    Driver,
    GuardedDriver,
    Identified,
    Unguarded,
    identify,
)
from registry.head import GREW, TRUSTED, Head
from registry.liveness import BROKEN, Distance, check_alive, note_use
from registry.settings import ROOT

if TYPE_CHECKING:
    from alembic.config import Config

SESSION = {
    "application_name": "raccord",
    "role": SERVICE_ROLE,
    "timezone": "UTC",
    "datestyle": "ISO",
    "jit": "off",
    "client_connection_check_interval": "1s",
    "work_mem": "32MB",
}
MIGRATION_TRIES = 5
MIGRATION_LOCK_TIMEOUT = "4s"
FAR = 5.0
"""Seconds that a connection may take at most, however far the database is."""
HEARTBEAT = 0.4
"""Seconds between two readings of the ledger's head, which ask whether the server is there."""
HEAD = "SELECT coalesce(max(seq), 0) FROM ledger"
AWAY = (
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.TooManyConnectionsError,
)
NONE_FREE = "aucune connexion ne s’est libérée à temps"
LOCK_NOT_AVAILABLE = "55P03"
BUSY = {LOCK_NOT_AVAILABLE, "40P01"}
"""SQLSTATE of a lock waited for too long, and of a deadlock."""
UNABLE = {
    "53100": "La base de données ne peut plus rien écrire : son disque est plein.",
    "25006": "La base de données est en lecture seule : rien ne s’y écrit pour le moment.",
    "58030": "La base de données ne peut pas lire ou écrire ses fichiers.",
    "53200": "La base de données manque de mémoire.",
}
"""By SQLSTATE, what its administrator must mend."""
MIGRATING = sa.text("SELECT pg_advisory_lock(7032024)")


class DatabaseError(Exception):
    """The database can't be used as it is; the message says what to do."""


class DatabaseAway(DatabaseError):
    """The database can't be reached, or no connection was free in time: try again later."""

    def __init__(self, reason: object) -> None:
        super().__init__(f"La base de données ne répond pas : {reason or 'délai dépassé'}.")


class DatabaseUnable(DatabaseAway):
    """The database answers and can't do its work: whoever runs it has something to mend."""

    def __init__(self, reason: str) -> None:
        DatabaseError.__init__(self, reason)


class DatabaseBusy(DatabaseError):
    """Another transaction holds what this one needs: try again soon."""

    def __init__(self) -> None:
        super().__init__("Une autre écriture occupe les mêmes données ; réessayer dans un instant.")


@contextmanager
def _told_when_unusable() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseAway(NONE_FREE) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseAway(error.orig) from error
        if refusal := _refusal(_state(error)):
            raise refusal from error
        raise
    except Unguarded as error:
        raise DatabaseUnable(str(error)) from error


def _refusal(state: str | None) -> DatabaseError | None:
    """What a caller is told of a SQLSTATE; None for those that are nobody's business but ours."""
    if state in BUSY:
        return DatabaseBusy()
    return DatabaseUnable(UNABLE[state]) if state in UNABLE else None


class Share:
    """So many connections of a pool at once, whoever asks: the others are left to who asks for
    something else.
    """

    def __init__(self, size: int, patience: float) -> None:
        self.places = asyncio.Semaphore(size)
        self.patience = patience

    @asynccontextmanager
    async def place(self, patience: float | None = None) -> AsyncIterator[None]:
        """Raises ``DatabaseAway`` where none is free in time."""
        try:
            if self.places.locked():
                async with asyncio.timeout(self.patience if patience is None else patience):
                    await self.places.acquire()
            else:
                await self.places.acquire()
        except TimeoutError as late:
            raise DatabaseAway(NONE_FREE) from late
        try:
            yield
        finally:
            self.places.release()


Settle = Callable[[AsyncSession], Awaitable[None]]


async def _nothing(_: AsyncSession) -> None:
    """A transaction that settles nothing leaves that to the next one that does."""


@dataclass(frozen=True)
class Database:
    """``read()`` sees one snapshot and can't write; ``transaction()`` commits at its end,
    unless it is a dry run. The row policies judge both by their author's identity; what everyone
    may read needs none.
    ``settle`` is the last thing that a transaction does before it commits. ``head`` is known
    inside ``followed()``. Writers wait for each other's locks: they have no more than their share
    of the connections, and what only reads goes on."""

    engine: AsyncEngine
    connect: Callable[[], Awaitable[Driver]]
    writers: Share
    guarded: bool = True
    settle: Settle = _nothing
    head: Head = field(default_factory=Head)
    reader: Identified | None = None

    def read_by(self, author: Identified) -> "Database":
        """The same, read by that author where no other is named."""
        return replace(self, reader=author)

    @asynccontextmanager
    async def read(self, author: Identified | None = None) -> AsyncIterator[AsyncSession]:
        engine = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        reader = author or self.reader
        with _told_when_unusable():
            async with AsyncSession(engine) as session:
                if reader is not None:
                    await identify(session, reader)
                yield session

    @asynccontextmanager
    async def transaction(
        self, author: Identified, *, dry_run: bool = False, patience: float | None = None
    ) -> AsyncIterator[AsyncSession]:
        with _told_when_unusable():
            async with (
                self.writers.place(patience),
                AsyncSession(self.engine, expire_on_commit=False) as session,
            ):
                await session.begin()
                if not await identify(session, author):
                    raise DatabaseUnable(UNABLE["25006"])
                yield session
                if dry_run:
                    await session.rollback()
                    return
                await self.settle(session)
                try:
                    await session.commit()
                finally:
                    if GREW in session.info:
                        self.head.wrote()

    async def value(self, statement: str, given: Sequence[object]) -> Any:
        """What one statement of the driver's answers: a snapshot of its own, without a
        transaction around it.
        """
        with _told_when_unusable():
            return await greenlet_spawn(self._value, statement, given)

    def _value(self, statement: str, given: Sequence[object]) -> Any:
        held = self.engine.pool.connect()
        driver: Any = held.driver_connection
        try:
            row = await_only(driver.fetchrow(f"SELECT {GUARDED}, ({statement})", *given))
        except asyncpg.InsufficientPrivilegeError as error:
            # With the policies off, PostgreSQL refuses to read the tables that have some.
            held.invalidate(error)
            raise Unguarded from error
        except (OSError, *BROKEN) as error:
            if refusal := _refusal(getattr(error, "sqlstate", None)):
                raise refusal from error
            if isinstance(error, (OSError, *AWAY)) or driver.is_closed():
                held.invalidate(error)
                raise DatabaseAway(error) from error
            raise
        else:
            if self.guarded and not row[0]:
                held.invalidate()
                raise Unguarded
            return row[1]
        finally:
            held.close()

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """``head`` follows what others write, on a connection of its own."""
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            following.cancel()
            await asyncio.wait([following])
            self.head.lost()

    async def _follow(self) -> None:
        while True:
            try:
                connection = await self.connect()
                try:
                    await self._listen(connection)
                finally:
                    connection.terminate()
            except (OSError, TimeoutError, DatabaseError, *BROKEN):
                self.head.lost()
            await asyncio.sleep(HEARTBEAT)

    async def _listen(self, connection: "Driver") -> None:
        await connection.add_listener("ledger", lambda *said: self.head.told(int(said[-1])))
        while True:
            asked_at = monotonic()
            seq = await connection.fetchval(HEAD, timeout=TRUSTED)
            self.head.known(seq, asked_at)
            await asyncio.sleep(HEARTBEAT)


@asynccontextmanager
async def connected(
    url: str,
    *,
    pool_size: int = 8,
    pool_timeout: float = 5.0,
    write_share: int | None = None,
    connect_timeout: float = 5.0,
    statement_timeout: float = 0,
    lock_timeout: float = 0,
    role: str = SERVICE_ROLE,
    settle: Settle = _nothing,
) -> AsyncIterator[Database]:
    """A pool of connections that act as the service's role, whatever their login.

    The row policies bind no ``role`` but that one: "none" is the login's own.
    Times are in seconds; a ``statement_timeout`` or ``lock_timeout`` of 0 is no limit.
    """
    session = SESSION | {
        "role": role,
        "statement_timeout": str(round(statement_timeout * 1000)),
        "lock_timeout": str(round(lock_timeout * 1000)),
    }

    guarded = role == SERVICE_ROLE
    distance = Distance()

    async def connect(patience: float = connect_timeout) -> Driver:
        begun = monotonic()
        try:
            connection = await asyncpg.connect(
                url,
                timeout=max(patience, min(2 * distance.seconds, FAR)),
                server_settings=session,
                connection_class=GuardedDriver if guarded else asyncpg.Connection,
            )
        except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError) as refused:
            raise DatabaseError(
                f"Le compte de connexion ne peut pas agir comme {SERVICE_ROLE} ({refused}). "
                f"Un administrateur de la base doit exécuter : GRANT {SERVICE_ROLE} TO ce_compte ;"
            ) from refused
        except (OSError, TimeoutError, *AWAY) as error:
            raise DatabaseAway(str(error)) from error
        distance.seconds = monotonic() - begun
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout,
        hide_parameters=True,
    )
    sa.event.listen(engine.sync_engine, "checkout", partial(check_alive, distance))
    sa.event.listen(engine.sync_engine, "checkin", note_use)
    writers = Share(write_share or pool_size, pool_timeout)
    try:
        yield Database(engine, partial(connect, FAR), writers, guarded, settle)
    finally:
        await engine.dispose()


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


async def current_revision(url: str) -> str | None:
    """The revision the database is at; none before the first migration."""
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


def known_revisions() -> frozenset[str]:
    """Return the revisions of the scripts that come with this code."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(ROOT / "models" / "migrations"))
    return frozenset(script.revision for script in scripts.walk_revisions())


async def migrate(owner_url: str) -> None:
    """Bring the database to the code's revision. Waits at most 4 s for a lock, then tries again."""
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(
            owner_url, server_settings={"lock_timeout": MIGRATION_LOCK_TIMEOUT}
        ),
    )
    try:
        for attempt in range(MIGRATION_TRIES):
            try:
                async with engine.connect() as connection:
                    await connection.run_sync(_upgrade)
            except CannotMigrate as error:
                raise DatabaseError(str(error)) from error
            except DBAPIError as error:
                if attempt + 1 == MIGRATION_TRIES or _state(error) != LOCK_NOT_AVAILABLE:
                    raise
                await asyncio.sleep(attempt)
            else:
                return
    finally:
        await engine.dispose()


def _upgrade(connection: sa.Connection) -> None:
    # Alembic costs a tenth of a second to import, and most programs only compare a revision.
    from alembic import command

    # Two programs that start at once migrate one after the other; the lock ends with the session.
    connection.execute(MIGRATING)
    connection.commit()
    command.upgrade(alembic_configuration(connection), "head")
    schema_digest.record(connection)
    connection.commit()


def alembic_configuration(connection: sa.Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "models" / "migrations"))
    config.attributes["connection"] = connection
    return config
