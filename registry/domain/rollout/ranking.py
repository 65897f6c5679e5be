"""Pages of the ranking of blockers: a cursor is a rank in one grouping."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import pages
from registry.domain.pages import Page
from registry.domain.rollout.blockers import Blockers, Grouping, rank_blockers
from registry.domain.rollout.scope import Scope


@dataclass(frozen=True, slots=True)
class BlockerPage:
    blockers: Blockers
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


async def page(session: AsyncSession, scope: Scope, by: Grouping, asked: Page) -> BlockerPage:
    limit = pages.size(asked)
    name = f"blockers.{by.lower()}"
    start = 0
    if asked.after is not None:
        (start,) = pages.decode("after", asked.after, name, [int])
    found = await rank_blockers(session, scope, by, first=limit, after_rank=start)
    ranks = [row.rank for row in found.rows]
    return BlockerPage(
        found,
        tuple(pages.encode(name, [rank]) for rank in ranks),
        has_next=bool(ranks) and ranks[-1] < found.total,
        has_previous=start > 0 and found.total > 0,
    )
