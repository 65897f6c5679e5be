"""Random small registries with dated histories: SQL says what the oracle says."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain.clock import today
from registry.domain.rollout.coverage import measure
from registry.domain.rollout.readiness import Readiness
from registry.domain.rollout.scope import Scope as AskedScope
from tests.domain.test_rollout.asking import (
    blockers_of,
    coverage_of,
    readiness_of,
    total_of_blockers,
    verdicts_of,
)
from tests.domain.test_rollout.loading import Loaded, loaded
from tests.effort import examples
from tests.oracle import (
    Blockers,
    Coverage,
    CoverageRow,
    Scope,
    World,
    blockers,
    coverage,
    readiness,
    verdict,
)
from tests.oracle.answers import counted
from tests.strategies import scopes, worlds
from tests.strategies.composition import DEMARCHES

GROUPINGS = ("PRODUCT", "VENDOR")
BASES = ("DECLARED", "CONFIRMED")
WORDS = tuple(Readiness)

steadily = settings(
    max_examples=examples(120),
    deadline=None,
    derandomize=True,
    print_blob=True,
    # The database is empty at the start, and each example leaves it so.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def questions(draw: st.DrawFn, size: int = 6) -> tuple[World, list[Scope]]:
    world = draw(worlds())
    return world, [draw(scopes(world)) for _ in range(size)]


def days_of(world: World) -> list[date]:
    """The days when something changes, their eves and their morrows."""
    changes = {row.effective_on for row in (*world.integrations, *world.commitments)}
    changes |= {row.valid_until for row in world.commitments if row.valid_until}
    return sorted({day + timedelta(days=n) for day in changes for n in (-1, 0, 1)})


@steadily
@given(questions())
async def test_coverage_and_blockers_of_every_scope(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    world, asked = question
    async with loaded(database, world) as registry:
        for scope in asked:
            assert await coverage_of(registry, scope) == coverage(world, scope), scope
            for by in GROUPINGS:
                assert await blockers_of(registry, scope, by) == blockers(world, scope, by), scope


@steadily
@given(questions(3))
async def test_readiness_of_every_body_and_verdict_of_every_product(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    world, asked = question
    async with loaded(database, world) as registry:
        for day in days_of(world):
            expected = {p.key: verdict(world, p.key, day) for p in world.products}
            assert await verdicts_of(registry, day) == expected, day
        for day in {scope.as_of for scope in asked}:
            await check_readiness(registry, world, day)


async def check_readiness(registry: Loaded, world: World, day: date) -> None:
    for demarche in (None, *DEMARCHES):
        for basis in BASES:
            found = await readiness_of(registry, as_of=day, demarche=demarche, basis=basis)
            assert found == {
                body.code: readiness(world, body, as_of=day, demarche=demarche, basis=basis)
                for body in world.bodies
            }, (day, demarche, basis)


@settings(steadily, max_examples=examples(30))
@given(worlds())
async def test_without_a_date_an_answer_is_that_of_today(database: Database, world: World) -> None:
    day = today()
    async with loaded(database, world) as registry:
        assert await readiness_of(registry) == await readiness_of(registry, as_of=day)
        assert await verdicts_of(registry) == await verdicts_of(registry, day)
        undated = await measure(registry.session, AskedScope())
        assert undated == await measure(registry.session, AskedScope(as_of=day))
        assert await readiness_of(registry) == {
            body.code: readiness(world, body, as_of=day) for body in world.bodies
        }


@settings(steadily, max_examples=examples(40))
@given(questions(2))
async def test_pages_of_the_ranking_are_slices_of_it(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    world, asked = question
    async with loaded(database, world) as registry:
        for scope in asked:
            for by in GROUPINGS:
                await check_pages(registry, scope, by)


async def check_pages(registry: Loaded, scope: Scope, by: str) -> None:
    whole = await blockers_of(registry, scope, by)
    length = len(whole.ranked)
    for first in (0, 1, 2, None):
        for after_rank in range(length + 2):
            page = await blockers_of(registry, scope, by, first, after_rank)
            end = None if first is None else after_rank + first
            assert page.ranked == whole.ranked[after_rank:end], (scope, by, first, after_rank)
            assert page.no_known_software == whole.no_known_software
            assert page.cost_unknown == whole.cost_unknown
    for after_rank in (0, length):
        assert await total_of_blockers(registry, scope, by, after_rank) == length


@settings(steadily, max_examples=examples(40))
@given(questions())
async def test_totals_equal_the_rows_behind_them(
    database: Database, question: tuple[World, Sequence[Scope]]
) -> None:
    """Invariant 7: of SQL's own answers, whatever the oracle says of readiness."""
    world, asked = question
    async with loaded(database, world) as registry:
        for scope in asked:
            await check_totals(registry, world, scope)


async def check_totals(registry: Loaded, world: World, scope: Scope) -> None:
    states = await readiness_of(
        registry, as_of=scope.as_of, demarche=scope.demarche, basis=scope.basis
    )
    bodies = counted(world, scope)
    answer = await coverage_of(registry, scope)
    for row in (*answer.strata, answer.total):
        behind = [body for body in bodies if row.stratum is None or row.stratum in body.strata]
        tally = Counter(states[body.code] for body in behind)
        assert (row.total, figures(row)) == (len(behind), {word: tally[word] for word in WORDS})
    for by in GROUPINGS:
        ranking = await blockers_of(registry, scope, by)
        check_ranking(ranking, answer)


def figures(row: CoverageRow) -> dict[str, int]:
    return {word: getattr(row, word.lower()) for word in WORDS}


def check_ranking(ranking: Blockers, answer: Coverage) -> None:
    """What all block together is what coverage counts as blocked, in all and in each stratum."""
    blocked = answer.total.blocked_by_surcharge + answer.total.blocked_by_software
    assert (ranking.no_known_software, ranking.cost_unknown) == (
        answer.total.no_known_software,
        answer.total.cost_unknown,
    )
    assert bool(ranking.ranked) == bool(blocked)
    for row in ranking.ranked:
        assert row.blocked_alone <= row.blocked <= blocked
        assert list(row.by_stratum) == [line.stratum for line in answer.strata]
        parts = [count for count, _ in row.by_stratum.values()]
        assert max(parts) <= row.blocked <= sum(parts)
    assert sum(row.blocked_alone for row in ranking.ranked) <= blocked
    assert blocked <= sum(row.blocked for row in ranking.ranked)
