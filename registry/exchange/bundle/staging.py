"""A file's rows in a temporary table, checked and written set by set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.actor import Actor
from registry.exchange import temporary
from registry.exchange.bundle.faults import Faults
from registry.exchange.bundle.reading import Csv
from registry.exchange.tables import Kind, Table

TYPES = {
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.PAST: "date",
    Kind.WORDS: "text[]",
    Kind.TERRITORIES: "text[]",
    Kind.PRODUCT_KEYS: "text[]",
}

Rows = sa.Result[*tuple[Any, ...]]

Cells = dict[str, tuple[str, str]]
"""For each column of a noun: the column of the file, and an expression over ``good``."""


def plain(*columns: str) -> Cells:
    return {column: (column, f"good.{column}") for column in columns}


async def run(session: AsyncSession, statement: str, **values: object) -> Rows:
    return await session.execute(sa.text(statement), values)


@dataclass(frozen=True, slots=True)
class Stage:
    """One file under way.

    The temporary table ``name`` has the rows as read; ``good`` has them with what their keys mean
    (``existing_id``: the row already recorded), and says which are ``faulty``. ``present`` are the
    columns of the file, each with how many of them a line holds when it holds this one.
    """

    session: AsyncSession
    actor: Actor
    table: Table
    faults: Faults
    present: Mapping[str, int]

    @property
    def name(self) -> str:
        return stage_name(self.table)

    def said(self, column: str, otherwise: str, expression: str = "") -> str:
        """What the line says, or ``otherwise`` where the file or that line lacks the column."""
        if column not in self.present:
            return otherwise
        value = expression or f"good.{column}"
        return f"CASE WHEN good.held >= {self.present[column]} THEN {value} ELSE {otherwise} END"

    async def resolve(self, columns: str, joins: str) -> None:
        rows = f"SELECT staged.*, {columns} FROM {self.name} AS staged {joins}"
        await temporary.create_from(self.session, "good", rows)
        await temporary.analyze(self.session, "good")

    async def report(self, column: str, query: str) -> None:
        """Each row of ``query`` (line, value, reason) is a fault, and its line is set aside."""
        statement = f"{query} ORDER BY 1 LIMIT {self.faults.room}"
        rows = (await run(self.session, statement)).all()
        for line, value, reason in rows:
            shown = "" if value is None else str(value)
            self.faults.add(self.table.file, line, column, shown, reason)
        if rows:
            lines = [row[0] for row in rows]
            aside = "UPDATE good SET faulty = true WHERE line = ANY(:lines)"
            await run(self.session, aside, lines=lines)

    async def set_aside(self, condition: str) -> None:
        """Leave out lines whose fault is another line's, already reported there."""
        await run(self.session, f"UPDATE good SET faulty = true WHERE {condition}")

    async def refuse_repeated(self, column: str, key: str, value: str, known: str = "true") -> None:
        """A key met twice in one file, among the lines whose key is ``known``."""
        await self.report(
            column,
            f"""
            SELECT line, value, 'clé déjà présente à la ligne ' || first
            FROM (SELECT line, {value} AS value, min(line) OVER (PARTITION BY {key}) AS first
                  FROM good WHERE {known}) AS keyed
            WHERE line > first
            """,
        )

    async def update(self, noun: str, cells: Cells, where: str = "true") -> None:
        """Change the recorded rows that differ, in the columns that the file has."""
        changes = {
            column: self.said(source, f"target.{column}", expression)
            for column, (source, expression) in cells.items()
            if source in self.present
        }
        if not changes:
            return
        columns = ", ".join(f"target.{column}" for column in changes)
        values = ", ".join(changes.values())
        await run(
            self.session,
            f"""
            WITH changed AS (
                UPDATE {noun} AS target SET ({", ".join(changes)}) = ROW({values})
                FROM good
                WHERE target.id = good.existing_id AND NOT good.faulty AND {where}
                  AND ({columns}) IS DISTINCT FROM ({values})
                RETURNING target.id
            )
            INSERT INTO written SELECT '{noun}', id, false FROM changed
            """,
        )

    async def insert(
        self,
        noun: str,
        keys: Mapping[str, str],
        cells: Cells,
        *,
        rows: str = "good",
        order: str = "",
        **values_bound: object,
    ) -> None:
        """Add the rows that are not recorded yet, with the defaults of the absent columns.

        Once the bundle is refused they only serve to judge what follows: some may be left out.
        """
        values = dict(keys)
        for column, (source, expression) in cells.items():
            if source in self.present:
                values[column] = expression
            elif default := self.table.defaults.get(source):
                values[column] = f"'{default}'"
        conflict = "ON CONFLICT DO NOTHING" if self.faults.found else ""
        await run(
            self.session,
            f"""
            WITH created AS (
                INSERT INTO {noun} ({", ".join(values)})
                SELECT {", ".join(values.values())} FROM {rows}
                WHERE good.existing_id IS NULL AND NOT good.faulty {order} {conflict}
                RETURNING id
            )
            INSERT INTO written SELECT '{noun}', id, true FROM created
            """,
            **values_bound,
        )


def stage_name(table: Table) -> str:
    return f"stage_{table.name}"


async def create_stage(session: AsyncSession, table: Table) -> None:
    columns = {column.name: TYPES.get(column.kind, "text") for column in table}
    place = {"line": "bigint", "faulty": "boolean", "held": "integer"}
    await temporary.create(session, stage_name(table), {**place, **columns, "searched": "text"})


async def fill_stage(session: AsyncSession, table: Table, csv: Csv) -> Mapping[str, int]:
    """COPY the rows in, as they are read; returns what ``Stage.present`` is."""
    raw = await (await session.connection()).get_raw_connection()
    names = [column.name for column in csv.present]
    await raw.driver_connection.copy_records_to_table(  # type: ignore[union-attr]
        stage_name(table), records=csv.rows, columns=["line", "faulty", "held", *names, "searched"]
    )
    await temporary.analyze(session, stage_name(table))
    return {name: count for count, name in enumerate(names, 1)}
