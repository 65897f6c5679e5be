"""States of the suite's registry, saved once and put back in a few milliseconds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from registry.domain.clock import today

if TYPE_CHECKING:
    Owner: TypeAlias = asyncpg.Connection[asyncpg.Record]

EMPTY = "empty"
TABLES = """
SELECT relname AS name, string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    AND relname <> 'alembic_version'
    AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
GROUP BY pg_class.oid ORDER BY relname
"""
"""Every table, a new one too, and its columns but those that are computed."""

TRIGGERS = """
SELECT tgrelid::regclass::text AS table, quote_ident(tgname) AS name FROM pg_trigger
WHERE tgenabled = 'A' AND NOT tgisinternal
"""
"""Those that stop the owner too, whatever the role of replication."""

WRITTEN = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
"""It grows with each transaction that writes anything on the server, even one undone."""

LARGEST = """
SELECT max(pg_relation_size(name::regclass)) FROM unnest($1::text[]) AS name
"""
DELETABLE = 1_000_000
"""Bytes of the largest table, up to which its rows go faster one by one than all the tables."""

TODAY = "UPDATE derivation SET as_of = (now() AT TIME ZONE 'Europe/Paris')::date"


@dataclass
class States:
    url: str
    owner: "Owner"
    columns: dict[str, str]
    triggers: list[tuple[str, str]]
    saved: dict[str, tuple[date, list[str]]] = field(default_factory=dict)
    """Of each state, the day that its derived tables are of, and the tables that have rows."""

    current: tuple[str, date, str] | None = None
    """The state that was put back last, the day, and what had been written by then."""

    async def at(self, name: str) -> bool:
        if self.owner.is_closed():  # A test may end every connection to its database.
            self.owner = await asyncpg.connect(self.url)
        return self.current == await self._now(name)

    async def save(self, name: str) -> None:
        """Keep the registry as it is under that name."""
        filled = []
        for table in self.columns:
            if await self.owner.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
                copy = f'saved."{name} {table}"'
                await self.owner.execute(
                    f"DROP TABLE IF EXISTS {copy}; CREATE TABLE {copy} AS TABLE {table}"
                )
                filled.append(table)
        self.saved[name] = today(), filled
        self.current = await self._now(name)

    async def restore(self, name: str) -> None:
        """Put that state back, unless nothing was written since it was."""
        if not await self.at(name):
            large = await self.owner.fetchval(LARGEST, [*self.columns]) > DELETABLE
            await self.owner.execute(self._script(name, large=large))
            self.current = await self._now(name)

    async def fill(
        self, name: str, build: Callable[[], Awaitable[None]], *, after: str = EMPTY
    ) -> None:
        """What ``build`` writes ``after`` that state: it does so once, and wherever more was."""
        if not await self.at(after):
            await build()
        elif name in self.saved and self.saved[name][0] == today():
            await self.restore(name)
        else:
            await build()
            await self.save(name)

    async def _now(self, name: str) -> tuple[str, date, str]:
        return name, today(), await self.owner.fetchval(WRITTEN)

    def _script(self, name: str, *, large: bool) -> str:
        tables = [*self.columns]
        statements = (
            "SET LOCAL session_replication_role = replica",
            *(f"ALTER TABLE {table} DISABLE TRIGGER {always}" for table, always in self.triggers),
            *(
                [f"TRUNCATE {', '.join(tables)}"]
                if large
                else [f"DELETE FROM {table}" for table in tables]
            ),
            *(
                f"INSERT INTO {table} ({self.columns[table]}) OVERRIDING SYSTEM VALUE"
                f' SELECT {self.columns[table]} FROM saved."{name} {table}"'
                for table in self.saved[name][1]
            ),
            *([TODAY] if name == EMPTY else []),
            *(
                f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {always}"
                for table, always in self.triggers
            ),
        )
        return ";\n".join(statements)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[States]:
    """Of the owner's database, which was just migrated: that is the empty registry."""
    owner = await asyncpg.connect(url)
    states = States(
        url,
        owner,
        {row["name"]: row["columns"] for row in await owner.fetch(TABLES)},
        [(row["table"], row["name"]) for row in await owner.fetch(TRIGGERS)],
    )
    try:
        await owner.execute(f"CREATE SCHEMA saved; DELETE FROM touched; {TODAY}")
        await states.save(EMPTY)
        yield states
    finally:
        await states.owner.close()


async def outdate(owner: str) -> None:
    """What is derived is that of another day: every answer is computed anew."""
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute("UPDATE derivation SET as_of = '2020-01-01'")
    finally:
        await connection.close()
