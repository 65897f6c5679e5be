"""What moved between two dates, or between two numbers of the ledger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from registry.cli.french import Command
from registry.cli.output import Record, counted, display, shown, table, tell, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.cli.scopes import (
    BasisOption,
    DemarcheOption,
    DepartementOption,
    EpciOption,
    RegionOption,
    StratumOption,
    scope_of,
)
from registry.domain.pages import MAX_SIZE, Page
from registry.domain.rollout.changes import (
    ChangeCounts,
    ChangeKind,
    CollectiviteChange,
    ProductChange,
    count,
    of_collectivites,
    of_products,
)
from registry.domain.rollout.periods import Moment, Period, period
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Basis
from registry.domain.rollout.verdicts import Verdict
from registry.domain.words import READINESS, VERDICTS


class By(StrEnum):
    COLLECTIVITE = "COLLECTIVITE"
    PRODUCT = "PRODUCT"


@dataclass(frozen=True, slots=True)
class Found:
    period: Period
    counts: ChangeCounts
    rows: tuple[CollectiviteChange, ...] | tuple[ProductChange, ...]
    total: int


COUNTS = {
    "moved": "Ont bougé",
    "newly_connected": "Raccordées",
    "newly_ready": "Prêtes",
    "newly_blocked": "Bloquées",
    "no_longer_connected": "Plus raccordées",
}
SHORT_COUNTS = ("Bougé", "Raccord.", "Prêtes", "Bloq.", "Perdues")


@program.command(cls=Command)
def changes(
    since: Annotated[
        datetime | None,
        typer.Option(help="Depuis cette date.", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ"),
    ] = None,
    since_entry: Annotated[
        int | None, typer.Option(help="Depuis cette entrée du journal.", metavar="N")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            help="Jusqu’à cette date, aujourd’hui par défaut.",
            formats=["%Y-%m-%d"],
            metavar="AAAA-MM-JJ",
        ),
    ] = None,
    until_entry: Annotated[
        int | None,
        typer.Option(help="Jusqu’à cette entrée du journal, la dernière par défaut.", metavar="N"),
    ] = None,
    by: Annotated[
        By,
        typer.Option(
            help="Par collectivité (collectivite) ou par logiciel (product).",
            metavar="GROUPE",
            case_sensitive=False,
        ),
    ] = By.COLLECTIVITE,
    kind: Annotated[
        ChangeKind | None,
        typer.Option(
            help=f"Collectivités à lister, toutes par défaut : {', '.join(ChangeKind)}.",
            metavar="SORTE",
            case_sensitive=False,
        ),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_SIZE,
            help="Nombre de lignes ; 20 dans un tableau, sinon toutes.",
            metavar="N",
        ),
    ] = None,
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    format: FormatOption = Format.TABLE,
) -> None:
    """Ce qui a bougé entre deux dates, ou entre deux entrées du journal."""
    scope = scope_of(stratum, departement, region, epci, demarche, basis, None)
    page = Page(first=first) if first or format is Format.TABLE else None

    async def read(session: AsyncSession) -> Found:
        asked = await period(
            session,
            since=since.date() if since else None,
            since_entry=since_entry,
            until=until.date() if until else None,
            until_entry=until_entry,
        )
        counts = await count(session, scope, asked)
        if by is By.PRODUCT:
            products = await of_products(session, scope, asked, page)
            return Found(asked, counts, products.slice.rows, products.total)
        bodies = await of_collectivites(session, scope, asked, kind, page)
        return Found(asked, counts, bodies.slice.rows, bodies.total)

    found = reading(read)
    write = {Format.JSON: _changes_json, Format.CSV: _changes_csv, Format.TABLE: _changes_table}
    write[format](found, by)


def _record(row: CollectiviteChange | ProductChange) -> Record:
    if isinstance(row, CollectiviteChange):
        return {"code": row.code, "name": row.name, "before": row.before, "after": row.after}
    return {
        "vendor_siren": row.vendor_siren,
        "slug": row.slug,
        "name": row.name,
        "verdict_before": row.before,
        "verdict_after": row.after,
        **_figures(row.counts),
    }


def _figures(counts: ChangeCounts) -> Record:
    return {name: getattr(counts, name) for name in COUNTS}


COLUMNS = {
    By.COLLECTIVITE: ("code", "name", "before", "after"),
    By.PRODUCT: ("vendor_siren", "slug", "name", "verdict_before", "verdict_after", *COUNTS),
}


def _changes_json(found: Found, by: By) -> None:
    asked = found.period
    write_json(
        {
            "since": asked.since.day,
            "until": asked.until.day,
            "since_entry": asked.since.entry,
            "until_entry": asked.until.entry,
            "counts": _figures(found.counts),
            "by": by,
            "total": found.total,
            "changes": [_record(row) for row in found.rows],
        }
    )


def _changes_csv(found: Found, by: By) -> None:
    write_csv([_record(row) for row in found.rows], COLUMNS[by])


def _changes_table(found: Found, by: By) -> None:
    title = f"Du {_moment(found.period.since)} au {_moment(found.period.until)}"
    both = [("Avant", False), ("Après", False)]
    figures = [(header, True) for header in COUNTS.values()]
    if by is By.PRODUCT:
        wide = table(title, [("Logiciel", False), *both, *figures])
        short = [(header, True) for header in SHORT_COUNTS]
        narrow = table(title, [("Logiciel", False), *short], tight=True)
    else:
        wide = table(title, [("Code", True), ("Collectivité", False), *both])
        narrow = table(title, [("Code", True), ("Collectivité", False)], tight=True)
    for row in found.rows:
        key, name, before, after, *counts = _cells(row)
        said = "\n".join((name, before, f"→ {after}"))
        wide.add_row(*([] if by is By.PRODUCT else [key]), name, before, after, *counts)
        narrow.add_row(*([] if by is By.PRODUCT else [key]), said, *counts)
    display(wide, narrow)
    noun = "logiciel" if by is By.PRODUCT else "collectivité"
    tell(f"{counted(len(found.rows), noun)} sur {shown(found.total)}.", stderr=True)
    tell(_summary(found.counts), stderr=True)


def _moment(moment: Moment) -> str:
    day = shown(moment.day)
    return day if moment.entry is None else f"{day} (entrée {shown(moment.entry)})"


def _cells(row: CollectiviteChange | ProductChange) -> list[str]:
    if isinstance(row, CollectiviteChange):
        return [row.code, row.name, *(_readiness(word) for word in (row.before, row.after))]
    counts = (shown(getattr(row.counts, name)) for name in COUNTS)
    return [row.slug, row.name, *(_verdict(word) for word in (row.before, row.after)), *counts]


def _readiness(word: Readiness | None) -> str:
    return READINESS[word] if word else "non comptée"


def _verdict(word: Verdict | None) -> str:
    return VERDICTS[word] if word else "non inscrit"


def _summary(counts: ChangeCounts) -> str:
    return (
        f"{counted(counts.moved, 'collectivité a bougé', 'collectivités ont bougé')} : "
        f"{counted(counts.newly_connected, 'nouvellement raccordée', 'nouvellement raccordées')}, "
        f"{counted(counts.newly_ready, 'nouvellement prête', 'nouvellement prêtes')}, "
        f"{counted(counts.newly_blocked, 'nouvellement bloquée', 'nouvellement bloquées')}, "
        f"{counted(counts.no_longer_connected, 'n’est plus raccordée', 'ne sont plus raccordées')}."
    )
