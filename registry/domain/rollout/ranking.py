"""Pages of the ranking of blockers: a cursor is a rank in one grouping."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import pages
from registry.domain.pages import Page
from registry.domain.rollout.blockers import Blockers, Grouping, rank_blockers, rank_own
from registry.domain.rollout.scope import Scope


@dataclass(frozen=True, slots=True)
class BlockerPage:
    blockers: Blockers
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


async def page(session: AsyncSession, scope: Scope, by: Grouping, asked: Page) -> BlockerPage:
    limit, start = pages.size(asked), _start(by, asked)
    found = await rank_blockers(session, scope, by, first=limit + 1, after_rank=start)
    return _page(found, by, limit, start)


async def of_vendors(
    session: AsyncSession, vendor_ids: Sequence[int], asked: Page
) -> dict[int, BlockerPage]:
    """What each vendor blocks by itself, in the whole country today."""
    limit, start = pages.size(asked), _start(Grouping.PRODUCT, asked)
    owned = await rank_own(session, Scope(), vendor_ids, first=limit + 1, after_rank=start)
    return {key: _page(found, Grouping.PRODUCT, limit, start) for key, found in owned.items()}


def _start(by: Grouping, asked: Page) -> int:
    """The rank after which the page begins."""
    if asked.after is None:
        return 0
    rank: int
    (rank,) = pages.decode("after", asked.after, _name(by), [int])
    return rank


def _name(by: Grouping) -> str:
    return f"blockers.{by.lower()}"


def _page(found: Blockers, by: Grouping, limit: int, start: int) -> BlockerPage:
    """``found`` has a row more than the page where another one follows."""
    rows = found.rows[:limit]
    return BlockerPage(
        replace(found, rows=rows),
        tuple(pages.encode(_name(by), [row.rank]) for row in rows),
        has_next=len(found.rows) > limit,
        has_previous=start > 0 and found.total > 0,
    )
