"""A transaction begins by asking whether the row policies bind it.

A pooler may leave the parameters of a connection out, or give the next transaction a server's
connection that another program turned to another role: the second wall would fall without a word.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

SERVICE_ROLE = "raccord_app"
GUARDED = f"current_user = '{SERVICE_ROLE}' AND current_setting('row_security') = 'on'"
OR_FAIL = f" SELECT 1 / CAST({GUARDED} AS int)"
"""In the same exchange as BEGIN, which it follows."""
REASON = (
    f"La connexion à la base de données n’agit pas comme {SERVICE_ROLE}, sous les règles d’accès"
    f" aux lignes ; derrière un répartiteur : ALTER ROLE ce_compte SET role = '{SERVICE_ROLE}' ;"
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
