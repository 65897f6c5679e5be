"""A bundle into the registry: all of it or nothing."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.policy import Action, authorise
from registry.exchange import tables
from registry.exchange.bundle import (
    activations,
    collectivites,
    commitments,
    deployments,
    integrations,
    products,
    recording,
    vendors,
)
from registry.exchange.bundle.faults import BundleRefused, Fault, Faults
from registry.exchange.bundle.reading import Progress, opened
from registry.exchange.bundle.recording import Report
from registry.exchange.bundle.staging import Stage, create_stage, fill_stage
from registry.exchange.tables import TABLES, Table
from registry.exchange.turns import end_turn

RECORD: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    tables.COLLECTIVITES.name: collectivites.record,
    tables.VENDORS.name: vendors.record,
    tables.PRODUCTS.name: products.record,
    tables.INTEGRATIONS.name: integrations.record,
    tables.COMMITMENTS.name: commitments.record,
    tables.DEPLOYMENTS.name: deployments.record,
    tables.ACTIVATIONS.name: activations.record,
}


async def import_bundle(
    session: AsyncSession, actor: Actor, folder: Path, progress: Progress = lambda *_: None
) -> Report:
    """Raise ``BundleRefused`` with every fault; the caller's transaction writes all or nothing."""
    authorise(actor, Action.IMPORT)
    found = _files(folder)
    await recording.prepare(session)
    faults = Faults()
    for table in TABLES:
        await create_stage(session, table)
        if table in found:
            await _import(session, actor, folder, table, faults, progress)
    faults.settle()
    report = await recording.settle(session, "import")
    await end_turn(session)
    return report


def _files(folder: Path) -> frozenset[Table]:
    """A file of another name is refused: a misspelt one would be passed over in silence."""
    expected = ", ".join(table.file for table in TABLES)
    if not folder.is_dir():
        raise BundleRefused([Fault(str(folder), 0, "", "", "ce dossier n’existe pas")])
    paths = [path for path in folder.iterdir() if path.suffix.lower() == ".csv"]
    present = {path.name for path in paths}
    unknown = sorted(present - {table.file for table in TABLES})
    if unknown:
        reason = f"fichier inconnu ; fichiers possibles : {expected}"
        raise BundleRefused([Fault(name, 0, "", "", reason) for name in unknown])
    unusable = sorted(path.name for path in paths if not path.is_file())
    if unusable:
        reason = "ce n’est pas un fichier ordinaire"
        raise BundleRefused([Fault(name, 0, "", "", reason) for name in unusable])
    if not present:
        reason = f"aucun fichier à importer ; fichiers possibles : {expected}"
        raise BundleRefused([Fault(str(folder), 0, "", "", reason)])
    return frozenset(table for table in TABLES if table.file in present)


async def _import(
    session: AsyncSession,
    actor: Actor,
    folder: Path,
    table: Table,
    faults: Faults,
    progress: Progress,
) -> None:
    day: date = today()
    with opened(folder / table.file, table, faults, day, progress) as csv:
        if csv is None:
            faults.blind = True
            return
        present = await fill_stage(session, table, csv)
    if not faults.blind:
        await RECORD[table.name](Stage(session, actor, table, faults, present))
