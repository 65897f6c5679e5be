"""What a load wrote, kept while it goes on, and entered in the ledger at its end."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import ledger
from registry.domain.turns import take_turn
from registry.exchange import temporary
from registry.exchange.bundle.staging import run


@dataclass(frozen=True, slots=True)
class Report:
    """For each noun that changed: the rows created, changed and removed."""

    created: Mapping[str, int]
    changed: Mapping[str, int]
    removed: Mapping[str, int]

    @property
    def nothing(self) -> bool:
        return not (self.created or self.changed or self.removed)


async def prepare(session: AsyncSession) -> None:
    """Take the turn; ``written`` and ``removed`` will list the rows, ``arrow`` the transitions."""
    await take_turn(session)
    await run(session, "SET LOCAL work_mem = '64MB'")
    removed = {"noun": "text", "id": "bigint"}
    await temporary.create(session, "written", {**removed, "created": "boolean"})
    await temporary.create(session, "removed", removed)
    arrow = {"noun": "text", "state": "text", "following": "text[]"}
    await temporary.create(session, "arrow", arrow)


async def settle(session: AsyncSession, action: str) -> Report:
    """The ledger's entries, one for each record, last of all."""
    counts = await run(
        session,
        """
        SELECT noun, count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created)
        FROM (SELECT noun, id, bool_or(created) AS created FROM written GROUP BY noun, id) AS record
        GROUP BY noun ORDER BY noun
        """,
    )
    rows = counts.all()
    for noun, _, _ in rows:
        await ledger.append_selected(
            session, action, noun, f"SELECT DISTINCT id FROM written WHERE noun = '{noun}'"
        )
    removed = await _remove_former_keys(session)
    return Report(
        {noun: created for noun, created, _ in rows if created},
        {noun: changed for noun, _, changed in rows if changed},
        {"product_former_key": removed} if removed else {},
    )


async def _remove_former_keys(session: AsyncSession) -> int:
    await ledger.append_selected(session, "delete", "product_former_key", "SELECT id FROM removed")
    gone = await run(
        session,
        "DELETE FROM product_former_key WHERE id IN (SELECT id FROM removed) RETURNING id",
    )
    return len(gone.all())
