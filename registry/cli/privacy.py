"""What the registry holds of a person: read, or forgotten."""

from typing import Annotated

import typer

from registry.cli.french import Command, Group
from registry.cli.output import complain, confirm, counted, display, table, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading, writing
from registry.domain import privacy
from registry.domain.actor import ADMINISTRATOR
from registry.domain.retention import PERIODS
from registry.settings import Settings

group = typer.Typer(
    cls=Group, help="Ce que le registre tient d’une personne.", no_args_is_help=True
)
program.add_typer(group, name="privacy")

COLUMNS = ("what", "days", "begins", "setting", "why")

PersonArgument = Annotated[
    str, typer.Argument(help="Adresse électronique, ou numéro d’un compte.", metavar="PERSONNE")
]


@group.command(cls=Command)
def export(person: PersonArgument) -> None:
    """Écrit en JSON tout ce qui concerne cette personne."""
    write_json(reading(lambda session: privacy.export(session, ADMINISTRATOR, person)))


@group.command(cls=Command)
def erase(
    person: PersonArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Ne demande pas de confirmer.")] = False,
) -> None:
    """Efface cette personne : ses valeurs, son compte, ses délégations, ses messages."""
    if not yes and not confirm(f"Effacer « {person} » sans retour possible ?"):
        complain("Rien n’a été effacé.")
        raise typer.Exit(1)
    write_json(writing(lambda session: privacy.erase(session, ADMINISTRATOR, person)))


@group.command(cls=Command)
def periods(format: FormatOption = Format.TABLE) -> None:
    """Dit combien de temps chaque donnée reste, d’après les réglages d’ici."""
    settings = Settings()
    records = [
        {
            "what": period.what,
            "days": getattr(settings, period.setting),
            "begins": period.begins,
            "setting": settings.variable(period.setting),
            "why": period.why,
        }
        for period in PERIODS
    ]
    if format is Format.JSON:
        write_json(records)
    elif format is Format.CSV:
        write_csv(records, COLUMNS)
    else:
        headers = [("Donnée", False), ("Durée", True), ("À partir de", False), ("Réglage", False)]
        grid = table("Durées de conservation", headers)
        for row in records:
            grid.add_row(row["what"], counted(row["days"], "jour"), row["begins"], row["setting"])
        display(grid)
