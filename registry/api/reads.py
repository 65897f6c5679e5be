"""The connections to the database that a request of GraphQL takes."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from registry.database import Database, DatabaseAway, DatabaseBusy, Share


class Reads:
    """So many at once for one request, out of the ``share`` of all of them: its other fields wait
    for their turn. Once one field can't be read no answer is given: ``deadline`` is brought to now,
    so that the others are cancelled, in PostgreSQL too.
    """

    def __init__(
        self, database: Database, share: Share, most: int, deadline: asyncio.Timeout
    ) -> None:
        self.database = database
        self.share = share
        self.own = asyncio.Semaphore(most)
        self.deadline = deadline
        self.failure: DatabaseAway | DatabaseBusy | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        with self._failing_together():
            async with self.own, self.share.place(), self.database.read() as session:
                yield session

    async def value(self, statement: str, given: Sequence[object]) -> Any:
        with self._failing_together():
            async with self.own, self.share.place():
                return await self.database.value(statement, given)

    @contextmanager
    def _failing_together(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseAway, DatabaseBusy) as failure:
            if self.failure is None and not self.deadline.expired():
                self.failure = failure
                self.deadline.reschedule(asyncio.get_running_loop().time())
            raise
