"""One file at a time: read, judged and written in one transaction, under its sender's identity.

A worker that dies leaves nothing: its transaction ends, and another takes the file up again.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models import BulkDeclaration, BulkNoun, BulkState, Source
from registry.database import Database, DatabaseError
from registry.domain import actors, bulk_declarations
from registry.domain.actor import REGISTRY, Actor
from registry.domain.clock import today
from registry.domain.errors import DomainError
from registry.exchange.bulk import activations, deployments
from registry.exchange.bulk.deployments import Given
from registry.exchange.bulk.faulty import REASON
from registry.exchange.bulk.files import path
from registry.exchange.bulk.naming import name_lines
from registry.exchange.bundle import recording
from registry.exchange.bundle.faults import LIMIT, BundleRefused, Fault, Faults, HeaderRefused
from registry.exchange.bundle.reading import opened
from registry.exchange.bundle.staging import Stage, create_stage, fill_stage, run
from registry.exchange.tables import ACTIVATIONS, DEPLOYMENTS, NAME, Column, Kind, Table
from registry.exchange.turns import end_turn

TABLES = {BulkNoun.DEPLOYMENTS: DEPLOYMENTS, BulkNoun.ACTIVATIONS: ACTIVATIONS}
RECORD = {BulkNoun.DEPLOYMENTS: deployments.record, BulkNoun.ACTIVATIONS: activations.record}
FAULTY_LINES = 20_000
"""A file with more faulty cells than that is another file."""
LARGE = 5_000
"""Lines from which the planner has something to learn."""
BEAT = 0.5
"""Seconds between two tellings of how far the reading is."""
VALID = "valid"
"""In the report of a refused trial: what its lines that are right would do without the others."""
TOLD_ONLY = (NAME, REASON)
"""Columns of our own files that only tell: a file that comes back with them is taken."""
LOST = "Le fichier reçu n’est plus là : l’envoyer de nouveau."


class LinesRefused(Exception):
    """Nothing was written, as some lines are at fault: the report names them."""

    def __init__(self, report: dict[str, Any]) -> None:
        super().__init__(f"{report['faulty']} lines")
        self.report = report


class Read:
    """How far the reading is, in bytes."""

    count = 0

    def __call__(self, _: str, count: int, __: int) -> None:
        self.count = count


async def run_next(database: Database, folder: Path) -> bool:
    """Take the oldest waiting file; whether there was one."""
    async with database.transaction(REGISTRY) as holding:
        row = await bulk_declarations.claim_next(holding)
        if row is None:
            return False
        with suppress(bulk_declarations.ClaimLost):
            async with database.transaction(REGISTRY) as session:
                await bulk_declarations.start(session, row.recorded_id)
            await _work(database, folder, row)
    return True


async def _work(database: Database, folder: Path, row: BulkDeclaration) -> None:
    read = Read()
    beating = asyncio.create_task(_beat(database, row, read))
    try:
        state, report = await _outcome(database, folder, row, read)
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    if report is not None:
        async with database.transaction(REGISTRY) as session:
            await bulk_declarations.finish(session, row, state, report)


async def _outcome(
    database: Database, folder: Path, row: BulkDeclaration, read: Read
) -> tuple[BulkState, dict[str, Any] | None]:
    """No report where it was recorded with the declarations themselves."""
    source = path(folder, row.digest)
    try:
        actor = await _sender(database, row)
        async with database.transaction(actor, dry_run=row.dry_run) as session:
            report = await _record(session, actor, source, row, read)
            if row.dry_run:
                return BulkState.REFUSED if VALID in report else BulkState.DONE, report
            await bulk_declarations.finish(session, row, BulkState.DONE, report)
            return BulkState.DONE, None
    except HeaderRefused as refusal:
        return BulkState.REFUSED, _told(refusal.faults) | {bulk_declarations.HEADER: True}
    except BundleRefused as refusal:
        return BulkState.REFUSED, _told(refusal.faults)
    except LinesRefused as refusal:
        return BulkState.REFUSED, refusal.report
    except DomainError as refusal:
        return BulkState.REFUSED, {"message": refusal.message}
    except FileNotFoundError:
        return BulkState.FAILED, {"message": LOST}


async def _sender(database: Database, row: BulkDeclaration) -> Actor:
    async with database.read(REGISTRY) as session:
        named = await actors.named(session, row.actor, row.siret, datetime.now(UTC))
        actor = bulk_declarations.check_still_may(named, row)
        return await bulk_declarations.for_organisation(session, actor, row.siren)


async def _record(
    session: AsyncSession, actor: Actor, source: Path, row: BulkDeclaration, read: Read
) -> dict[str, Any]:
    """Raises ``LinesRefused`` where faulty lines refuse the file, unless it is a trial; and
    ``BundleRefused`` where it can't be read to its end, or where they are too many.
    """
    table = _asked(TABLES[row.noun], row.capacity)
    await run(session, "SET LOCAL statement_timeout = 0")
    await run(session, "SET LOCAL lock_timeout = 0")
    await recording.prepare(session)
    await create_stage(session, table)
    faults = Faults(limit=FAULTY_LINES if row.accept_valid else LIMIT)
    with opened(source, table, faults, today(), read) as csv:
        if csv is None:
            raise HeaderRefused(faults.found)
        present = await fill_stage(session, table, csv)
    if faults.blind:
        faults.settle()
    stage = Stage(session, actor, table, faults, present)
    given = Given(row.capacity, today(), row.complete_on)
    done = await RECORD[row.noun](stage, given)
    refused = bool(faults.found) and not row.accept_valid
    spoken_of = [fault.line for fault in faults.found]
    spoken_of += [each["line"] for each in done.get("differences", [])]
    named = await name_lines(stage, spoken_of)
    if refused and not row.dry_run:
        raise LinesRefused(named | _told(faults.found))
    lines = await _lines(stage)
    if refused:
        counts = {name: count for name, count in done.items() if isinstance(count, int)}
        return {"lines": lines, VALID: counts} | named | _told(faults.found)
    written = await recording.settle(session, "bulk")
    if lines > LARGE and not written.nothing:
        await end_turn(session)
    return {"lines": lines} | done | named | _told(faults.found)


async def _lines(stage: Stage) -> int:
    """A line that could not be read is not staged, and counts."""
    counted = await run(
        stage.session,
        f"SELECT count(*) FROM (SELECT line FROM {stage.name}"
        " UNION SELECT unnest(CAST(:faulty AS bigint[]))) AS met",
        faulty=[fault.line for fault in stage.faults.found],
    )
    return int(counted.scalar_one())


def _asked(table: Table, source: Source) -> Table:
    """The author's own word by default, and the columns that our files bring back for nothing."""
    columns = [
        replace(column, default=source) if column.name == "declared_by" else column
        for column in table
    ]
    return replace(table, columns=(*columns, *(Column(name, Kind.TEXT) for name in TOLD_ONLY)))


def _told(faults: list[Fault]) -> dict[str, Any]:
    return {
        "faulty": len(Counter(fault.line for fault in faults)),
        "faults": [
            {
                "line": fault.line,
                "column": fault.column,
                "value": fault.value,
                "reason": fault.reason,
            }
            for fault in sorted(faults)
        ],
    }


async def _beat(database: Database, row: BulkDeclaration, read: Read) -> None:
    with suppress(DatabaseError):
        while True:
            await asyncio.sleep(BEAT)
            async with database.transaction(REGISTRY) as session:
                await bulk_declarations.progress(session, row.recorded_id, read.count)
