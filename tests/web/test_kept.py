"""An answer is kept for as long as the registry is the same, and no longer."""

from collections.abc import Iterator
from time import monotonic

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from registry.auth.rates import Rates
from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR, PUBLIC
from registry.settings import Settings
from registry.web import kept
from registry.web.look import Look
from registry.web.visits import Door, Visit
from tests.factories import add, vendor


@pytest.fixture
def visit(database: Database) -> Visit:
    door = Door(database, Settings(), None, Rates(0, 0), Look(), trial=None)
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
    await recorded(database, 99990000)
    assert await made(visit, calls) == 2


@pytest.mark.usefixtures("known")
async def test_what_the_ledger_does_not_tell_changes_no_answer(
    visit: Visit, database: Database
) -> None:
    """A quota, an attempt at signing in, a token's use, a write that is refused."""
    calls: list[int] = []
    await made(visit, calls)
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, vendor(99990000, "Ébène"))
    with pytest.raises(ZeroDivisionError):
        await recorded(database, 99990001, refused=1)
    await recorded(database, 99990002, dry_run=True)
    assert await made(visit, calls) == 1


async def recorded(
    database: Database, number: int, *, refused: int = 0, dry_run: bool = False
) -> None:
    async with database.transaction(ADMINISTRATOR, dry_run=dry_run) as session:
        row = vendor(number, "Ébène")
        await add(session, row)
        await ledger.append(session, "create", "vendor", [row.recorded_id])
        assert 1 / (1 - refused)


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
            await recorded(database, 99990001)
        return len(calls)

    assert [await kept.read(visit, "lu", count) for _ in range(3)] == [1, 2, 2]
