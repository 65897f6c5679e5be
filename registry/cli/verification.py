"""Every derived figure and the ledger, recomputed."""

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from registry.cli.french import Command
from registry.cli.output import complain
from registry.cli.program import program, reading
from registry.domain.verification import differences


@program.command(cls=Command)
def verify() -> None:
    """Recalcule tout ce qui est dérivé, et le journal ; s’arrête à la première différence."""
    different = reading(_first_difference)
    if different is not None:
        complain(different)
        raise typer.Exit(1)
    complain("Tout concorde.")


async def _first_difference(session: AsyncSession) -> str | None:
    async for name, difference in differences(session):
        if difference is not None:
            return f"{name} : {difference}"
        typer.echo(f"{name} : concorde")
    return None
