"""The command line's trunk, and how a command reaches the database."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from registry.cli.french import Group
from registry.domain.actor import ADMINISTRATOR
from registry.opening import opened
from registry.settings import Settings

Result = TypeVar("Result")

program = typer.Typer(
    cls=Group,
    help="Raccord, le registre national du déploiement de FranceConnect.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[
    Format,
    typer.Option("--format", help="Présentation du résultat.", case_sensitive=False),
]


def reading(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Run ``work`` on one snapshot of the registry."""

    async def run() -> Result:
        async with opened(Settings()) as database, database.read(ADMINISTRATOR) as session:
            return await work(session)

    return asyncio.run(run())


def writing(work: Callable[[AsyncSession], Awaitable[Result]], *, dry_run: bool = False) -> Result:
    """Run ``work`` in one transaction, undone at its end on a dry run."""

    async def run() -> Result:
        async with (
            opened(Settings()) as database,
            database.transaction(ADMINISTRATOR, dry_run=dry_run) as session,
        ):
            return await work(session)

    return asyncio.run(run())


@program.callback()
def _named() -> None:
    """Commands are called by their names even where one alone is loaded."""
