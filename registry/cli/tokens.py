"""Machine tokens."""

from collections.abc import Mapping, Sequence
from typing import Annotated, cast

import typer

from models import Token, TokenScope
from registry.auth.tokens import issue
from registry.cli.french import Command, Group
from registry.cli.output import complain, display, shown, table, write_csv, write_json
from registry.cli.program import Format, FormatOption, program, reading, writing
from registry.domain import tokens
from registry.domain.actor import ADMINISTRATOR
from registry.domain.tokens import TokenState, Wanted

group = typer.Typer(cls=Group, help="Jetons des machines.", no_args_is_help=True)
program.add_typer(group, name="token")

COLUMNS = (
    "id",
    "name",
    "siren",
    "siret",
    "scopes",
    "state",
    "created_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
)
TITLES = ("Nom", "Organisation", "Portées", "État", "Terme", "Dernier usage")

STATES = {
    TokenState.ACTIVE: "en vigueur",
    TokenState.EXPIRED: "terminé",
    TokenState.REVOKED: "révoqué",
}

SirenOption = Annotated[str | None, typer.Option(help="SIREN de l’organisation.", metavar="SIREN")]


@group.command(cls=Command)
def create(
    name: Annotated[str, typer.Option(help="Nom du jeton.", metavar="NOM")],
    scope: Annotated[
        list[TokenScope],
        typer.Option(
            help=f"Portée, répétable : {', '.join(TokenScope)}.",
            metavar="PORTÉE",
            case_sensitive=False,
        ),
    ],
    siren: SirenOption = None,
    siret: Annotated[
        str | None,
        typer.Option(help="SIRET de l’établissement ; il le faut pour REVIEW.", metavar="SIRET"),
    ] = None,
    days: Annotated[
        int, typer.Option(help="Durée en jours.", min=1, max=tokens.LONGEST, metavar="N")
    ] = 90,
) -> None:
    """Crée un jeton et écrit son secret, qui ne sera plus jamais montré."""
    holder = tokens.holder(siren, siret)
    wanted = Wanted(name, scope, days)
    token, secret = writing(lambda session: issue(session, ADMINISTRATOR, holder, wanted))
    typer.echo(secret)
    complain(
        f"Jeton {token.id}, « {token.name} », jusqu’au {shown(token.expires_at)} : le secret"
        " ci-dessus ne sera plus montré."
    )


@group.command("list", cls=Command)
def list_(siren: SirenOption = None, format: FormatOption = Format.TABLE) -> None:
    """Montre les jetons, les plus récents d’abord."""
    rows = reading(lambda session: tokens.listed(session, siren)).rows
    records = [_record(row) for row in rows]
    if format is Format.JSON:
        write_json(records)
    elif format is Format.CSV:
        write_csv([_flat(record) for record in records], COLUMNS)
    else:
        _table(rows)


@group.command(cls=Command)
def revoke(
    number: Annotated[int, typer.Argument(help="Numéro du jeton, que donne la liste.")],
) -> None:
    """Révoque un jeton, aussitôt."""
    token = writing(lambda session: tokens.revoke(session, ADMINISTRATOR, number))
    complain(f"Jeton {token.id}, « {token.name} » : révoqué.")


def _record(token: Token) -> dict[str, object]:
    found = {column: getattr(token, column, None) for column in COLUMNS}
    return found | {"state": tokens.state(token)}


def _flat(record: Mapping[str, object]) -> dict[str, object]:
    return {**record, "scopes": "|".join(cast("list[str]", record["scopes"]))}


def _table(rows: Sequence[Token]) -> None:
    columns = [("Numéro", True), *((title, False) for title in TITLES)]
    grid = table("Jetons", columns)
    for row in rows:
        grid.add_row(
            str(row.id),
            row.name,
            row.siret or row.siren,
            ", ".join(row.scopes),
            STATES[tokens.state(row)],
            shown(row.expires_at),
            shown(row.last_used_at),
        )
    display(grid)
