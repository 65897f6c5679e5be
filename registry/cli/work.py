"""The service's background work, by hand."""

import asyncio

from registry import background
from registry.cli.french import Command
from registry.cli.output import complain
from registry.cli.program import program
from registry.opening import opened
from registry.settings import Settings


@program.command(cls=Command)
def work() -> None:
    """Fait une fois ce que le service fait de lui-même : échéances, rappels, courrier, fichiers,
    effacements.
    """
    asyncio.run(_work(Settings()))
    complain("Travaux de fond à jour.")


async def _work(settings: Settings) -> None:
    async with opened(settings) as database:
        await background.run_once(database, settings)
