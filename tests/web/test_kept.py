"""An answer is kept for as long as the registry is the same, and no longer."""

from collections.abc import Iterator
from time import monotonic

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from registry.auth.rates import Rates
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, PUBLIC
from registry.settings import Settings
from registry.web import kept
from registry.web.look import Look
from registry.web.visits import Door, Visit
from tests.factories import add, vendor


@pytest.fixture
def visit(database: Database) -> Visit:
    door = Door(database, Settings(), None, Rates(0, 0), Look(), trial=False)
    return Visit(door, Request({"type": "http", "headers": []}), PUBLIC)


@pytest.fixture
def known(database: Database) -> Iterator[None]:
    """The head of the ledger is known for the time of the test."""
    database.head.known(database.head.seq, monotonic() + 600)
    yield
    database.head.lost()


async def made(visit: Visit, calls: list[int], *, lasting: bool = True) -> int:
    async def make() -> int:
        calls.append(len(calls))
        return len(calls)

    return await kept.kept(visit, ("essai", id(calls)), make, lambda _: lasting)


@pytest.mark.usefixtures("known")
async def test_an_answer_is_made_once_until_something_is_written(
    visit: Visit, database: Database
) -> None:
    calls: list[int] = []
    assert [await made(visit, calls), await made(visit, calls)] == [1, 1]
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, vendor(99990000, "Ébène"))
    assert await made(visit, calls) == 2


@pytest.mark.usefixtures("known")
async def test_what_does_not_last_is_made_again(visit: Visit) -> None:
    calls: list[int] = []
    assert [await made(visit, calls, lasting=False), await made(visit, calls)] == [1, 2]


async def test_nothing_is_kept_where_the_state_is_unknown(visit: Visit) -> None:
    calls: list[int] = []
    assert [await made(visit, calls), await made(visit, calls)] == [1, 2]


@pytest.mark.usefixtures("known")
async def test_an_answer_read_while_something_was_written_is_not_kept(
    visit: Visit, database: Database
) -> None:
    calls: list[int] = []

    async def count(session: AsyncSession) -> int:
        calls.append(0)
        if len(calls) == 1:
            async with database.transaction(ADMINISTRATOR) as other:
                await add(other, vendor(99990001, "Aubépine"))
        return len(calls)

    assert [await kept.read(visit, "lu", count) for _ in range(3)] == [1, 2, 2]
