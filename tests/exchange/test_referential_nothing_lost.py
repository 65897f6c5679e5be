"""Whatever the links of three communes that merge: what was in force stays so, and no more."""

from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.transitions import PROGRESS
from registry.embedded import Addresses
from tests.conftest import reset
from tests.effort import examples
from tests.exchange.mergers import A, B, Period, S, activate, begin, deploy, fetch, move, on

DEMARCHES = ("URBANISME", "ETAT_CIVIL")
VOICES = (
    ("VENDOR", None),
    ("VENDOR", "COLLECTIVITE"),
    ("COLLECTIVITE", "MINISTRY"),
    ("MINISTRY", None),
)
OPERATORS = (None, "999900011", "999900029")
DAYS = [on(month) for month in range(1, 8)] + [date(2199, 12, 31)]

LINKS = """
SELECT deployment.id, demarche, since, until, declared_by, confirmed_by, operator
FROM deployment JOIN collectivite ON collectivite.id = collectivite_id
WHERE NOT :settled OR insee = :successor
"""
REMOVED = """
SELECT subject_id FROM ledger
WHERE noun = 'deployment' AND convert_from(payload, 'UTF8')::json ->> 'action' = 'delete'
"""


@st.composite
def links(draw: st.DrawFn) -> list[Period]:
    """Those of one body and démarche don't overlap, and none shares a first day."""
    kept: list[Period] = []
    for _ in range(draw(st.integers(0, 7))):
        since = draw(st.integers(1, 6))
        until = draw(st.none() | st.integers(since, 7))
        declared_by, confirmed_by = draw(st.sampled_from(VOICES))
        period = Period(
            draw(st.sampled_from((A, B, S))),
            on(since),
            None if until is None else on(until),
            declared_by,
            confirmed_by,
            draw(st.sampled_from(OPERATORS)),
            draw(st.sampled_from(DEMARCHES)),
        )
        if not any(clash(period, other) for other in kept):
            kept.append(period)
    return kept


def clash(one: Period, other: Period) -> bool:
    return (
        (one.body, one.demarche) == (other.body, other.demarche)
        and one.since < max(end(other.until), day_after(other.since))
        and other.since < max(end(one.until), day_after(one.since))
    )


def day_after(day: date) -> date:
    return day.replace(day=day.day + 1)


def end(until: date | None) -> date:
    return until or date.max


def in_force(rows: list[tuple[Any, ...]]) -> dict[date, set[str]]:
    return {
        day: {demarche for _, demarche, since, until, *_ in rows if since <= day < end(until)}
        for day in DAYS
    }


def confirmed(row: tuple[Any, ...]) -> bool:
    return row[4] == "MINISTRY" or row[5] is not None


def overlapping(row: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """An empty period meets that of the same first day: they are one key."""
    meet = row[2] < end(other[3]) and other[2] < end(row[3])
    return row[1] == other[1] and (meet or row[2] == other[2])


@pytest.fixture(autouse=True, scope="module")
async def _empty(addresses: Addresses) -> None:
    """Each example is rolled back."""
    await reset(addresses)


async def all_links(session: AsyncSession, *, settled: bool) -> list[tuple[Any, ...]]:
    return await fetch(session, LINKS, settled=settled, successor=S)


@given(links())
@settings(max_examples=examples(40), deadline=None)
async def test_no_day_of_use_is_lost_or_invented(
    shared_database: Database, before: list[Period]
) -> None:
    async with shared_database.transaction(ADMINISTRATOR, dry_run=True) as session:
        await begin(session)
        await deploy(session, *before)
        old = await all_links(session, settled=False)
        report = await move(session)
        new = await all_links(session, settled=True)
        assert in_force(new) == in_force(old)
        assert len(new) == len(await all_links(session, settled=False))
        for row in new:
            assert not [other for other in new if other != row and overlapping(row, other)]
            sources = [other for other in old if overlapping(row, other)] or [row]
            assert row[4:] in {other[4:] for other in old if other[1] == row[1]}
            assert confirmed(row) == any(map(confirmed, sources))
        removed = {identifier for (identifier,) in await fetch(session, REMOVED)}
        assert removed == {row[0] for row in old} - {row[0] for row in new}
        assert report.deployments_merged == len(removed)


@given(
    st.dictionaries(
        st.sampled_from((A, B, S)),
        st.lists(st.sampled_from(list(PROGRESS)), min_size=1, max_size=3),
    )
)
@settings(max_examples=examples(25), deadline=None)
async def test_one_whole_history_stays_the_one_further_along(
    shared_database: Database, states: dict[str, list[str]]
) -> None:
    order = {S: 0, A: 1, B: 2}
    best = max(states, key=lambda body: (PROGRESS[states[body][-1]], -order[body]), default=None)
    async with shared_database.transaction(ADMINISTRATOR, dry_run=True) as session:
        await begin(session)
        for body, steps in states.items():
            await activate(session, body, *steps)
        report = await move(session)
        kept = defaultdict(list)
        for insee, state in await fetch(
            session,
            "SELECT insee, state FROM activation JOIN collectivite"
            " ON collectivite.id = collectivite_id ORDER BY effective_on",
        ):
            kept[insee].append(state)
        assert kept == ({S: states[best]} if best else {})
        assert report.activations_set_aside == max(len(states) - 1, 0)
        assert report.activations_moved == (best in (A, B))
