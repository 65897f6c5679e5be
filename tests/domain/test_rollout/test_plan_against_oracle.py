"""Random small registries: the plan is the best of all sets, the simulation what it says."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from registry.database import Database
from registry.domain import ledger
from registry.domain.rollout.blockers import Grouping
from registry.domain.rollout.covering import Objective
from registry.domain.rollout.fixes import Fixes
from registry.domain.rollout.plan import Plan, Read, draw_up
from registry.domain.rollout.plan import Wishes as Asked
from registry.domain.rollout.simulation import simulate
from tests.domain.test_rollout.asking import as_asked, as_told
from tests.domain.test_rollout.loading import Loaded, loaded
from tests.domain.test_rollout.test_against_oracle import steadily
from tests.effort import examples
from tests.oracle import Scope, World, coverage
from tests.oracle.plans import (
    Fix,
    Outcome,
    Wishes,
    best,
    candidates,
    carried_out,
    gap,
    outcome,
    promised,
    simulated,
)
from tests.strategies import scopes, worlds

VENDORS = sa.text("SELECT siren, id FROM vendor")


@st.composite
def fixes_of(draw: st.DrawFn, world: World) -> frozenset[Fix]:
    offered: list[Fix] = [product.key for product in world.products]
    offered += [(siren, None) for siren in world.vendors]
    return frozenset(draw(st.lists(st.sampled_from(offered), max_size=3)))


@st.composite
def wishes_for(draw: st.DrawFn, world: World) -> Wishes:
    excluded = draw(st.just(frozenset()) | fixes_of(world))
    given_word = draw(st.just(frozenset()) | fixes_of(world))
    return Wishes(
        by=draw(st.sampled_from(("VENDOR", "PRODUCT"))),
        excluded=excluded,
        promised=given_word - excluded,
        at_most=draw(st.sampled_from((None, None, 1, 2))),
    )


@st.composite
def questions(draw: st.DrawFn) -> tuple[World, list[tuple[Scope, Wishes]]]:
    world = draw(worlds())
    return world, [(draw(scopes(world)), draw(wishes_for(world))) for _ in range(4)]


def reading(session: AsyncSession) -> Read:
    @asynccontextmanager
    async def read() -> AsyncIterator[AsyncSession]:
        yield session

    return read


async def vendors_of(registry: Loaded) -> Mapping[str, int]:
    return {row.siren: row.id for row in await registry.session.execute(VENDORS)}


def identified(registry: Loaded, vendors: Mapping[str, int], fixes: frozenset[Fix]) -> Fixes:
    return Fixes(
        frozenset(registry.products[siren, slug] for siren, slug in fixes if slug is not None),
        frozenset(vendors[siren] for siren, slug in fixes if slug is None),
    )


async def plan_of(registry: Loaded, scope: Scope, wishes: Wishes, time_limit: float = 60) -> Plan:
    vendors = await vendors_of(registry)
    asked = Asked(
        Grouping(wishes.by),
        identified(registry, vendors, wishes.excluded),
        identified(registry, vendors, wishes.promised),
        wishes.at_most,
    )
    read = reading(registry.session)
    return await draw_up(read, as_asked(scope), asked, time_limit=time_limit)


def chosen_in(plan: Plan) -> list[Fix]:
    return [(step.candidate.vendor_siren, step.candidate.slug) for step in plan.steps]


@steadily
@given(st.data())
async def test_a_simulation_of_every_scope(database: Database, data: st.DataObject) -> None:
    world = data.draw(worlds())
    asked = [(data.draw(scopes(world)), data.draw(fixes_of(world))) for _ in range(5)]
    async with loaded(database, world) as registry:
        vendors = await vendors_of(registry)
        for scope, fixes in asked:
            found = await simulate(
                registry.session, as_asked(scope), identified(registry, vendors, fixes)
            )
            before, after = coverage(world, scope), simulated(world, scope, fixes)
            assert as_told(found.before) == before
            assert as_told(found.after) == after, (scope, fixes)
            assert found.unlocked == after.total.ready - before.total.ready


@steadily
@given(questions())
async def test_no_set_is_better_than_the_plan(
    database: Database, question: tuple[World, list[tuple[Scope, Wishes]]]
) -> None:
    world, asked = question
    async with loaded(database, world) as registry:
        for scope, wishes in asked:
            plan = await plan_of(registry, scope, wishes)
            expected = best(world, scope, wishes)
            assert outcome(world, scope, wishes, chosen_in(plan)) == expected, (scope, wishes)
            assert (plan.gap, plan.optimal, plan.reachable) == (
                expected.gap,
                True,
                expected.gap == 0,
            )
            assert {proof.objective: proof.bound for proof in plan.proofs} == as_bounds(expected)
            assert plan.relative_gap == 0
            check_coverage(plan, world, scope, wishes)
            check_steps(plan, world, scope, wishes)
            check_targets(plan, world, scope, wishes)


def as_bounds(expected: Outcome) -> dict[Objective, int]:
    return {
        Objective.GAP: expected.gap,
        Objective.STEPS: expected.steps,
        Objective.UNLOCKED: expected.unlocked,
    }


def check_coverage(plan: Plan, world: World, scope: Scope, wishes: Wishes) -> None:
    assert as_told(plan.before) == coverage(world, scope)
    assert as_told(plan.after) == coverage(carried_out(world, wishes, chosen_in(plan)), scope)
    assert plan.initial_gap == gap(coverage(promised(world, wishes), scope))


def check_steps(plan: Plan, world: World, scope: Scope, wishes: Wishes) -> None:
    """Each is the first of those that are left, by gap closed, unlocked and key."""
    chosen = chosen_in(plan)
    for index, step in enumerate(plan.steps):
        before = outcome(world, scope, wishes, chosen[:index])

        def added(fix: Fix, done: Sequence[Fix], since: Outcome) -> tuple[int, int, Fix]:
            then = outcome(world, scope, wishes, [*done, fix])
            return since.gap - then.gap, then.unlocked - since.unlocked, fix

        facts = [added(fix, chosen[:index], before) for fix in chosen[index:]]
        first = min(facts, key=lambda fact: (-fact[0], -fact[1], fact[2][0], fact[2][1] or ""))
        assert first == (step.gap_closed, step.unlocked, chosen[index])
        alone = outcome(world, scope, wishes, [chosen[index]])
        assert (step.rank, step.unlocked_alone) == (index + 1, alone.unlocked)
        after = outcome(world, scope, wishes, chosen[: index + 1])
        assert (step.gap_left, step.unlocked_cumulated) == (after.gap, after.unlocked)
        assert sum(band.count for band in step.clients) == alone.unlocked
        check_parts(step.products, world, scope, wishes, chosen[index])


def check_parts(
    parts: Sequence[object], world: World, scope: Scope, wishes: Wishes, fix: Fix
) -> None:
    """Its products that unlock anyone, the one that unlocks most first."""
    start = promised(world, wishes)
    ready = coverage(start, scope).total.ready
    expected = {}
    for key in candidates(world, wishes)[fix]:
        then = coverage(replace(start, fixed=start.fixed | {key}), scope)
        if then.total.ready > ready:
            expected[key] = then.total.ready - ready
    told = [(p.vendor_siren, p.slug, p.unlocked) for p in parts]  # type: ignore[attr-defined]
    assert told == sorted(
        ((*key, unlocked) for key, unlocked in expected.items()),
        key=lambda part: (-part[2], part[0], part[1]),
    )


def check_targets(plan: Plan, world: World, scope: Scope, wishes: Wishes) -> None:
    everything = coverage(carried_out(world, wishes, candidates(world, wishes)), scope)
    after = coverage(carried_out(world, wishes, chosen_in(plan)), scope)
    rows = [
        (row, most)
        for row, most in zip(
            (*after.strata, after.total), (*everything.strata, everything.total), strict=True
        )
        if row.target_count is not None
    ]
    assert [
        (t.stratum, t.target_count, t.reached, t.counts.ready_unverified, t.best)
        for t in plan.targets
    ] == [
        (
            row.stratum,
            row.target_count,
            row.connected + row.ready,
            row.ready_unverified,
            most.connected + most.ready,
        )
        for row, most in rows
    ]
    assert sum(target.missing for target in plan.targets) == plan.gap


@settings(steadily, max_examples=examples(40))
@given(questions(), st.randoms(use_true_random=False))
async def test_the_order_of_the_rows_changes_nothing(
    database: Database,
    question: tuple[World, list[tuple[Scope, Wishes]]],
    chance: random.Random,
) -> None:
    world, asked = question
    answers = []
    for one in (world, shuffled(world, chance)):
        async with loaded(database, one) as registry:
            answers.append([told(await plan_of(registry, *each)) for each in asked])
    assert answers[0] == answers[1]


def shuffled(world: World, chance: random.Random) -> World:
    """Histories apart: their order tells what came last in a day."""

    def mixed(rows: Sequence[object]) -> tuple[object, ...]:
        return tuple(chance.sample(rows, len(rows)))

    parts = {name: mixed(getattr(world, name)) for name in ("vendors", "products", "deployments")}
    return replace(world, **parts)  # type: ignore[arg-type]


def told(plan: Plan) -> object:
    """Without the numbers of the rows."""
    steps = [
        (
            replace(step.candidate, id=0, vendor_id=0, product_id=None),
            replace(step, candidate=None, products=()),  # type: ignore[arg-type]
            [replace(part, product_id=0) for part in step.products],
        )
        for step in plan.steps
    ]
    return steps, replace(plan, steps=())


@settings(steadily, max_examples=examples(40))
@given(questions())
async def test_without_time_a_set_is_still_found_and_nothing_false_is_claimed(
    database: Database, question: tuple[World, list[tuple[Scope, Wishes]]]
) -> None:
    world, asked = question
    async with loaded(database, world) as registry:
        for scope, wishes in asked:
            plan = await plan_of(registry, scope, wishes, time_limit=0)
            expected = best(world, scope, wishes)
            reached = outcome(world, scope, wishes, chosen_in(plan))
            assert (plan.gap, len(plan.steps)) == (reached.gap, reached.steps)
            assert wishes.at_most is None or reached.steps <= wishes.at_most
            if wishes.at_most is None:
                assert reached.gap == expected.gap
            if plan.optimal:
                assert reached == expected
            first = plan.proofs[0]
            assert first.bound is not None
            assert first.bound <= expected.gap <= first.reached


@settings(steadily, max_examples=examples(5))
@given(questions())
async def test_nothing_is_proven_of_a_registry_that_changed_meanwhile(
    database: Database, question: tuple[World, list[tuple[Scope, Wishes]]]
) -> None:
    world, asked = question
    async with loaded(database, world) as registry:
        session = registry.session
        campaign = [*await session.scalars(sa.text("SELECT id FROM campaign"))]
        reads = 0

        @asynccontextmanager
        async def read() -> AsyncIterator[AsyncSession]:
            nonlocal reads
            reads += 1
            if reads % 2 == 0:
                await ledger.append(session, "edit", "campaign", campaign)
            yield session

        for scope, _ in asked:
            still = await plan_of(registry, scope, Wishes())
            plan = await draw_up(read, as_asked(scope), Asked())
            assert (chosen_in(plan), plan.after) == (chosen_in(still), still.after)
            assert (plan.optimal, plan.relative_gap) == (False, None)
