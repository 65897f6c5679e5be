"""The ministry's allow-list, whose first entry only the terminal can make."""

from collections.abc import Sequence
from typing import Annotated

import typer

from models import AllowedSiret
from registry.cli.french import Command, Group
from registry.cli.output import complain, display, shown, table, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading, writing
from registry.domain import allowed_sirets
from registry.domain.actor import ADMINISTRATOR

group = typer.Typer(cls=Group, help="Liste des établissements du ministère.", no_args_is_help=True)
program.add_typer(group, name="ministry")

COLUMNS = ("siret", "label", "created_at")

SiretArgument = Annotated[str, typer.Argument(help="SIRET de l’établissement.", metavar="SIRET")]


@group.command(cls=Command)
def allow(
    siret: SiretArgument,
    label: Annotated[
        str, typer.Option(help="Nom de l’établissement, pour qui relit la liste.", metavar="NOM")
    ],
) -> None:
    """Inscrit un établissement : ses agents agissent pour le ministère."""
    entry = writing(lambda session: allowed_sirets.allow(session, ADMINISTRATOR, siret, label))
    complain(f"{entry.siret}, « {entry.label} » : sur la liste.")


@group.command("list", cls=Command)
def list_(format: FormatOption = Format.TABLE) -> None:
    """Montre la liste."""
    rows = reading(lambda session: allowed_sirets.listed(session, ADMINISTRATOR)).rows
    records = [{column: getattr(row, column) for column in COLUMNS} for row in rows]
    if format is Format.JSON:
        write_json(records)
    elif format is Format.CSV:
        write_csv(records, COLUMNS)
    else:
        _table(rows)


@group.command(cls=Command)
def remove(siret: SiretArgument) -> None:
    """Retire un établissement, aussitôt."""
    entry = writing(lambda session: allowed_sirets.disallow(session, ADMINISTRATOR, siret))
    complain(f"{entry.siret}, « {entry.label} » : retiré de la liste.")


def _table(rows: Sequence[AllowedSiret]) -> None:
    columns = [("SIRET", False), ("Nom", False), ("Depuis", False)]
    grid = table("Établissements du ministère", columns)
    for row in rows:
        grid.add_row(row.siret, row.label, shown(row.created_at))
    display(grid)
