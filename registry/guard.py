"""A transaction begins by asking whether the row policies bind it, and by saying who acts.

A pooler may leave the parameters of a connection out, or give the next transaction a server's
connection that another program turned to another role: the second wall would fall without a word.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

SERVICE_ROLE = "raccord_app"
GUARDED = f"current_user = '{SERVICE_ROLE}' AND current_setting('row_security') = 'on'"
OR_FAIL = f" SELECT 1 / CAST({GUARDED} AS int)"
"""In the same exchange as BEGIN, which it follows."""
REASON = (
    f"La connexion à la base de données n’agit pas comme {SERVICE_ROLE}, sous les règles d’accès"
    f" aux lignes ; derrière un répartiteur : ALTER ROLE ce_compte SET role = '{SERVICE_ROLE}' ;"
)
IDENTIFY = sa.text(
    "SELECT current_setting('transaction_read_only') = 'off', set_config(name, value, true)"
    " FROM unnest(CAST(:names AS text[]), CAST(:values AS text[])) AS said (name, value)"
)

if TYPE_CHECKING:
    Driver: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Driver = asyncpg.Connection


class Unguarded(Exception):
    """The database would show anyone's rows: nothing was read or written."""

    def __init__(self) -> None:
        super().__init__(REASON)


class GuardedDriver(Driver):
    """A connection whose transactions fail at once where the row policies don't bind them."""

    async def execute(self, query: str, *args: Any, **named: Any) -> str:
        if not query.startswith("BEGIN"):
            return await super().execute(query, *args, **named)
        try:
            return await super().execute(query + OR_FAIL, *args, **named)
        except asyncpg.DivisionByZeroError as failed:
            self.terminate()
            raise Unguarded from failed


class Identified(Protocol):
    @property
    def identity(self) -> Mapping[str, str]: ...


async def identify(session: AsyncSession, author: Identified) -> bool:
    """Tell the row policies and the ledger who acts, until the transaction ends; whether it may
    write, which no statement says of a standby's unlogged tables.
    """
    identity = author.identity
    given = {"names": [*identity], "values": [*identity.values()]}
    return bool((await session.execute(IDENTIFY, given)).scalars().first())
