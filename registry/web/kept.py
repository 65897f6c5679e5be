"""Answers that take long and that all may read, kept for as long as nothing is written."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import date
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from registry.head import Head, Version
from registry.web.visits import Visit

MOST = 100
"""Answers; the one that was asked for longest ago goes first."""

Answer = TypeVar("Answer")
State = tuple[Version, date]


class Answers:
    """Those of one state of the registry, on one day."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.known: OrderedDict[Hashable, Any] = OrderedDict()

    def enter(self, state: State) -> None:
        if state != self.state:
            self.known.clear()
            self.state = state

    def keep(self, key: Hashable, answer: object) -> None:
        self.known[key] = answer
        self.known.move_to_end(key)
        if len(self.known) > MOST:
            self.known.popitem(last=False)


ANSWERS: WeakKeyDictionary[Head, Answers] = WeakKeyDictionary()
"""By registry; a process has one."""


async def kept(
    visit: Visit,
    key: Hashable,
    make: Callable[[], Awaitable[Answer]],
    lasting: Callable[[Answer], bool] = lambda _: True,
) -> Answer:
    """``key`` says all that the answer depends on besides the registry and the day. ``make`` opens
    its own read: one that was opened before the state was known might tell what was before it.
    """
    state = _state(visit)
    answers = ANSWERS.setdefault(visit.database.head, Answers())
    if state is not None:
        answers.enter(state)
        if key in answers.known:
            answers.known.move_to_end(key)
            return cast("Answer", answers.known[key])
    made = await make()
    if state is not None and _state(visit) == state == answers.state and lasting(made):
        answers.keep(key, made)
    return made


async def read(
    visit: Visit,
    key: Hashable,
    make: Callable[[AsyncSession], Awaitable[Answer]],
    points: int = 0,
) -> Answer:
    """What one read tells, kept; ``points`` are spent where it is read."""

    async def reading() -> Answer:
        visit.spend(points)
        async with visit.database.read() as session:
            return await make(session)

    return await kept(visit, key, reading)


def _state(visit: Visit) -> State | None:
    """None where it can't be told."""
    version = visit.database.head.version
    return None if version is None else (version, visit.today)
