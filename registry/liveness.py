"""Whether a connection of the pool still answers, asked as it is taken out."""

from dataclasses import dataclass
from time import monotonic

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.pool import ConnectionPoolEntry

PING_TIMEOUT = 0.3
"""Seconds that an answer of a connection may take, or as long as one took to be made."""
JUST_USED = 0.01
"""Seconds in which a connection that was given back is not asked whether it is alive."""
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@dataclass
class Distance:
    """How long the last connection took to be made: a database that is far is not away."""

    seconds: float = 0.0


def note_use(_: object, entry: ConnectionPoolEntry) -> None:
    entry.info["used"] = monotonic()


def check_alive(
    distance: Distance, connection: AdaptedConnection, entry: ConnectionPoolEntry, _: object
) -> None:
    """SQLAlchemy's own ping takes three exchanges, and waits for ever on a server that froze.

    A connection that was never used has just been made.
    """
    if connection.driver_connection.is_closed():
        raise sa.exc.DisconnectionError
    used = entry.info.get("used")
    if used is None or monotonic() - used < JUST_USED:
        return
    timeout = max(PING_TIMEOUT, distance.seconds)
    try:
        connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=timeout))
    except (OSError, TimeoutError, *BROKEN) as error:
        connection.driver_connection.terminate()
        raise sa.exc.DisconnectionError from error
