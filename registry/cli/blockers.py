"""Which software blocks the rollout, and for whom."""

from typing import Annotated

import typer
from rich.table import Table

from registry.cli.french import Command
from registry.cli.output import counted, display, shown, table, tell, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading
from registry.cli.scopes import (
    AsOfOption,
    BasisOption,
    DemarcheOption,
    DepartementOption,
    EpciOption,
    RegionOption,
    StratumOption,
    scope_of,
)
from registry.domain.rollout.blockers import Blocker, Blockers, Grouping, rank_blockers
from registry.domain.rollout.scope import Basis
from registry.domain.words import VERDICTS


@program.command(cls=Command)
def blockers(
    by: Annotated[
        Grouping,
        typer.Option(
            help="Par logiciel (product) ou par éditeur (vendor).",
            metavar="GROUPE",
            case_sensitive=False,
        ),
    ] = Grouping.PRODUCT,
    first: Annotated[
        int | None,
        typer.Option(
            min=1, help="Nombre de lignes ; 20 dans un tableau, sinon toutes.", metavar="N"
        ),
    ] = None,
    stratum: StratumOption = None,
    departement: DepartementOption = None,
    region: RegionOption = None,
    epci: EpciOption = None,
    demarche: DemarcheOption = None,
    basis: BasisOption = Basis.DECLARED,
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Quels logiciels bloquent le déploiement, et pour combien de collectivités."""
    scope = scope_of(stratum, departement, region, epci, demarche, basis, as_of)
    limit = first or (20 if format is Format.TABLE else None)
    found = reading(lambda session: rank_blockers(session, scope, by, first=limit))
    write = {Format.JSON: _blockers_json, Format.CSV: _blockers_csv, Format.TABLE: _blockers_table}
    write[format](found, by)


BLOCKER_COLUMNS = (
    "rank",
    "vendor_siren",
    "vendor_name",
    "slug",
    "product_name",
    "verdict",
    "blocked",
    "blocked_alone",
    "population",
    "connected_clients",
    "declared_on",
)


def _blocker_record(row: Blocker) -> dict[str, object]:
    record = {column: getattr(row, column) for column in BLOCKER_COLUMNS}
    for count in row.by_stratum:
        record[f"blocked_{count.stratum.lower()}"] = count.blocked
        record[f"population_{count.stratum.lower()}"] = count.population
    return record


def _blockers_json(found: Blockers, by: Grouping) -> None:
    write_json(
        {
            "as_of": found.as_of,
            "by": by,
            "total": found.total,
            "no_known_software": found.no_known_software,
            "cost_unknown": found.cost_unknown,
            "blockers": [_blocker_record(row) for row in found.rows],
        }
    )


def _blockers_csv(found: Blockers, _: Grouping) -> None:
    records = [_blocker_record(row) for row in found.rows]
    write_csv(records, list(records[0]) if records else BLOCKER_COLUMNS)


def _blockers_table(found: Blockers, by: Grouping) -> None:
    display(_blockers_wide(found, by), _blockers_narrow(found, by))
    noun = "logiciel" if by is Grouping.PRODUCT else "éditeur"
    blocking = counted(found.total, "qui bloque", "qui bloquent")
    tell(
        f"{counted(len(found.rows), noun)} sur {blocking}. Hors blocage : "
        f"{counted(found.cost_unknown, 'collectivité')} au coût inconnu, "
        f"{shown(found.no_known_software)} sans logiciel connu.",
        stderr=True,
    )


def _blockers_wide(found: Blockers, by: Grouping) -> Table:
    by_product = by is Grouping.PRODUCT
    grid = table(
        f"Ce qui bloque au {shown(found.as_of)}",
        [
            ("Rang", True),
            *([("Logiciel", False)] if by_product else []),
            ("Éditeur", False),
            *([("Verdict", False)] if by_product else []),
            ("Bloquées", True),
            ("À lui seul", True),
            ("Habitants", True),
            ("Raccordées", True),
            ("Déclaration", False),
        ],
    )
    for row in found.rows:
        grid.add_row(
            shown(row.rank),
            *([row.product_name or ""] if by_product else []),
            row.vendor_name,
            *([_verdict(row)] if by_product else []),
            shown(row.blocked),
            shown(row.blocked_alone),
            shown(row.population),
            shown(row.connected_clients),
            _declaration(row),
        )
    return grid


def _blockers_narrow(found: Blockers, by: Grouping) -> Table:
    """What names and judges a blocker on lines of one cell, its figures in columns."""
    grid = table(
        f"Ce qui bloque au {shown(found.as_of)}",
        [
            ("Rang", True),
            ("Logiciel" if by is Grouping.PRODUCT else "Éditeur", False),
            ("Bloquées", True),
            ("Seul", True),
            ("Habitants", True),
            ("Raccord.", True),
        ],
        tight=True,
    )
    for row in found.rows:
        grid.add_row(
            shown(row.rank),
            "\n".join(filter(None, (row.product_name, row.vendor_name, *_judged(row)))),
            shown(row.blocked),
            shown(row.blocked_alone),
            shown(row.population),
            shown(row.connected_clients),
        )
    return grid


def _verdict(row: Blocker) -> str:
    return VERDICTS[row.verdict] if row.verdict else ""


def _declaration(row: Blocker) -> str:
    return shown(row.declared_on) if row.declared_on else SILENT


def _judged(row: Blocker) -> tuple[str, ...]:
    if row.declared_on is None:
        return _verdict(row), SILENT
    declared = f"déclaré le {shown(row.declared_on)}"
    return (f"{_verdict(row)}, {declared}" if row.verdict else declared,)


SILENT = "n’a rien déclaré à ce jour"
