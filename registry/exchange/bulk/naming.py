"""The collectivités that a file means by its codes, so that whoever sends it sees a wrong one."""

from collections.abc import Iterable
from typing import Any

from registry.exchange.bundle.staging import Stage, run

SHOWN = 1000
"""The first lines, beside those that the report speaks of."""
SUSPECT = 10
"""One line in that many whose code is postal too: the column may hold postal codes."""
WARNING = (
    "Ces codes semblent être des codes postaux : sur {lines} lignes lues, {count} en ont un qui est"
    " aussi le code postal d’autres communes. Le registre y lit des codes INSEE : vérifiez que les"
    " noms sont bien ceux de vos clients."
)


async def name_lines(stage: Stage, spoken_of: Iterable[int]) -> dict[str, Any]:
    """For the report: what the codes of lines mean, and a warning where many may be postal."""
    named = await run(
        stage.session,
        f"""
        SELECT good.line, good.collectivite, meant.name
        FROM good JOIN collectivite AS meant ON meant.id = good.collectivite_id
        WHERE good.line = ANY(:lines)
           OR good.line IN (SELECT line FROM good ORDER BY line LIMIT {SHOWN})
        ORDER BY good.line
        """,
        lines=sorted({*spoken_of}),
    )
    rows = [{"line": line, "code": code, "name": name} for line, code, name in named]
    return {"collectivites": rows} | await _warning(stage)


async def _warning(stage: Stage) -> dict[str, str]:
    """A code that is postal for its own commune alone says nothing."""
    counted = await run(
        stage.session,
        """
        WITH served AS (
            SELECT unnest(postal_codes) AS code, id FROM collectivite WHERE closed_on IS NULL
        )
        SELECT count(*) FILTER (WHERE EXISTS (
                   SELECT FROM served WHERE served.code = good.collectivite
                      AND served.id IS DISTINCT FROM good.collectivite_id)),
               count(*)
        FROM good
        """,
    )
    count, lines = counted.one()
    if not count or SUSPECT * count < lines:
        return {}
    return {"warning": WARNING.format(count=count, lines=lines)}
