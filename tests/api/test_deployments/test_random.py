"""Whatever the three sides do, in whatever order, or at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.constraints import WALL
from tests.api.conftest import Ask, Token
from tests.api.sides import Sides, faults, link, record_world, town
from tests.effort import examples
from tests.factories import add, commune

WORDS = {"town": "COLLECTIVITE", "vendor": "VENDOR", "ministry": "MINISTRY"}
Step = tuple[str, str, dict[str, Any]]
Do = Callable[[str, str, dict[str, Any]], Awaitable[Any]]

steadily = settings(
    max_examples=examples(60),
    deadline=None,
    derandomize=True,
    print_blob=True,
    # Each example has a town of its own.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
numbers = count(100)
sides_of = st.sampled_from(list(WORDS))
places = st.integers(0, 3)


def dated(since: int, length: int | None) -> dict[str, Any]:
    """Days from today, where short periods meet often."""
    until = None if length is None else str(today() + timedelta(days=since + length))
    return {"since": str(today() + timedelta(days=since)), "until": until}


periods = st.just({}) | st.builds(dated, st.integers(-6, 0), st.none() | st.integers(0, 4))
closed = st.builds(dated, st.integers(-6, -1), st.integers(1, 4))


def at(place: int, given: dict[str, Any]) -> dict[str, Any]:
    return {"place": place, **given}


def ending(place: int, days: int | None) -> dict[str, Any]:
    return at(place, {} if days is None else {"until": str(today() + timedelta(days=days))})


steps = st.one_of(
    st.tuples(sides_of, st.just("DeclareDeployment"), closed),
    st.tuples(sides_of, st.just("DeclareDeployment"), periods),
    st.tuples(sides_of, st.just("ConfirmDeployment"), st.builds(at, places, st.just({}))),
    st.tuples(sides_of, st.just("CorrectDeployment"), st.builds(at, places, closed | periods)),
    st.tuples(
        sides_of,
        st.just("EndDeployment"),
        st.builds(ending, places, st.none() | st.integers(-4, 2)),
    ),
)


async def new_town(database: Database) -> str:
    insee = f"01{next(numbers)}"
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, commune(insee, f"Commune {insee}", 900))
    return insee


def doing(write: Ask, tokens: dict[str, str], insee: str, known: dict[str, Any]) -> Do:
    async def do(side: str, operation: str, asked: dict[str, Any]) -> Any:
        """On a link that is known, chosen by its place; none as long as there is none."""
        values = {**asked}
        if operation == "DeclareDeployment":
            return await write(operation, tokens[side], **link(insee), **values)
        if not known:
            return None
        chosen = [*known.values()][values.pop("place") % len(known)]
        if operation != "ConfirmDeployment":
            values["version"] = chosen["version"]
        return await write(operation, tokens[side], id=chosen["id"], **values)

    return do


def check_word(side: str, operation: str, before: Any, made: Any, said: dict[str, str]) -> None:
    """Who said the link as it now stands, and who confirmed that."""
    same = before is not None and before["version"] == made["version"]
    if same:
        assert before["confirmedBy"] == made["confirmedBy"]
        return
    confirms = before is not None and made["confirmedBy"] not in (None, before["confirmedBy"])
    if confirms:
        assert operation in ("ConfirmDeployment", "DeclareDeployment")
        assert made["confirmedBy"] == WORDS[side] != said[made["id"]]
        assert (made["since"], made["until"]) == (before["since"], before["until"])
    elif operation == "EndDeployment":
        assert made["confirmedBy"] == before["confirmedBy"]
    else:
        said[made["id"]] = WORDS[side]
        assert made["confirmedBy"] is None
    assert made["declaredBy"] == said[made["id"]]


@steadily
@given(st.lists(steps, min_size=2, max_size=10))
async def test_nobody_confirms_itself_and_no_periods_meet(
    write: Ask, token: Token, sides: Sides, database: Database, walk: list[Step]
) -> None:
    insee = await new_town(database)
    await record_world(database)
    tokens = {"town": await token(town(insee)), "vendor": sides.vendor, "ministry": sides.ministry}
    known: dict[str, Any] = {}
    said: dict[str, str] = {}
    do = doing(write, tokens, insee, known)
    for side, operation, asked in walk:
        made = await do(side, operation, asked)
        if made is None:
            continue
        assert made.get("message") != WALL
        if made["__typename"] == "Deployment":
            check_word(side, operation, known.get(made["id"]), made, said)
            known[made["id"]] = made
    assert await faults(database) == []


@steadily
@given(st.lists(st.tuples(sides_of, closed | periods), min_size=2, max_size=6))
async def test_declarations_at_once_make_no_periods_that_meet(
    write: Ask,
    token: Token,
    sides: Sides,
    database: Database,
    rush: list[tuple[str, dict[str, Any]]],
) -> None:
    insee = await new_town(database)
    await record_world(database)
    tokens = {"town": await token(town(insee)), "vendor": sides.vendor, "ministry": sides.ministry}
    do = doing(write, tokens, insee, {})
    made = await asyncio.gather(*(do(side, "DeclareDeployment", asked) for side, asked in rush))
    kinds = {one["__typename"] for one in made}
    assert kinds <= {"Deployment", "AlreadyExists", "Invalid"}
    assert len({one["id"] for one in made if one.get("inForce")}) <= 1
    assert await faults(database) == []
