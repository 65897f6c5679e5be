"""What moved, held against the difference of the answers on both sides."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain import ledger
from registry.domain.clock import today
from registry.domain.errors import InvalidInput
from registry.domain.pages import Page
from registry.domain.rollout import changes
from registry.domain.rollout.changes import ChangeCounts, ChangeKind
from registry.domain.rollout.periods import Period, head, period
from registry.domain.rollout.readiness import ORDER, with_readiness
from registry.domain.rollout.scope import Basis, bind
from registry.domain.rollout.scope import Scope as AskedScope
from tests.domain.test_oracle.small import one_app, product, town, uses
from tests.domain.test_rollout.asking import as_asked
from tests.domain.test_rollout.loading import Loaded, loaded
from tests.domain.test_rollout.test_against_oracle import steadily
from tests.domain.test_rollout.writes import WRITES, Write
from tests.effort import examples
from tests.oracle import Scope, World, readiness, verdict
from tests.oracle.answers import counted, keys_of, links
from tests.strategies import scopes, worlds
from tests.strategies.composition import at_dates

LATE = sa.text("""
    INSERT INTO deployment (collectivite_id, product_id, demarche, since, declared_by)
    SELECT :body, id, 'URBANISME', '2023-01-01', 'VENDOR' FROM product
""")
NATIONAL = AskedScope()
BLOCKED = {"BLOCKED_BY_SURCHARGE", "BLOCKED_BY_SOFTWARE"}


@dataclass(frozen=True)
class Answer:
    """What stands at a moment: each counted body's readiness and products, each verdict."""

    readiness: Mapping[str, str]
    uses: Mapping[str, frozenset[object]]
    verdicts: Mapping[object, str]


def is_of(kind: ChangeKind, before: str | None, after: str | None) -> bool:
    if kind is ChangeKind.NEWLY_CONNECTED:
        return after == "CONNECTED"
    if kind is ChangeKind.NEWLY_READY:
        return after == "READY" and before != "CONNECTED"
    if kind is ChangeKind.NEWLY_BLOCKED:
        return after in BLOCKED and before not in BLOCKED
    return before == "CONNECTED"


Moves = Mapping[str, tuple[str | None, str | None]]


def moves_of(before: Answer, after: Answer) -> Moves:
    codes = sorted({*before.readiness, *after.readiness})
    pairs = {code: (before.readiness.get(code), after.readiness.get(code)) for code in codes}
    return {code: pair for code, pair in pairs.items() if pair[0] != pair[1]}


def tally(moves: Moves) -> ChangeCounts:
    of_kinds = (sum(is_of(kind, *pair) for pair in moves.values()) for kind in ChangeKind)
    others = [pair for pair in moves.values() if not any(is_of(kind, *pair) for kind in ChangeKind)]
    return ChangeCounts(len(moves), *of_kinds, len(others))


async def check(
    registry: Loaded, scope: AskedScope, asked: Period, before: Answer, after: Answer
) -> None:
    moves = moves_of(before, after)
    assert await changes.count(registry.session, scope, asked) == tally(moves)
    for kind in (None, *ChangeKind):
        wanted = {c: pair for c, pair in moves.items() if kind is None or is_of(kind, *pair)}
        found = await changes.of_collectivites(registry.session, scope, asked, kind)
        told = {row.code: (row.before, row.after) for row in found.slice.rows}
        assert (list(told.items()), found.total) == (list(wanted.items()), len(wanted))
    used = {
        code: before.uses.get(code, frozenset()) | after.uses.get(code, frozenset())
        for code in moves
    }
    found_products = await changes.of_products(registry.session, scope, asked)
    rows = found_products.slice.rows
    assert {(row.vendor_siren, row.slug) for row in rows} == {
        k for own in used.values() for k in own
    }
    assert found_products.total == len(rows)
    order = [(-row.counts.moved, row.vendor_siren, row.slug) for row in rows]
    assert order == sorted(order)
    for row in rows:
        key = (row.vendor_siren, row.slug)
        assert row.counts == tally({c: pair for c, pair in moves.items() if key in used[c]}), key
        assert (row.before, row.after) == (before.verdicts.get(key), after.verdicts.get(key))


def expected(world: World, scope: Scope) -> Answer:
    bodies = counted(world, scope)
    return Answer(
        {
            body.code: readiness(
                world, body, as_of=scope.as_of, demarche=scope.demarche, basis=scope.basis
            )
            for body in bodies
        },
        {body.code: frozenset(keys_of(links(world, scope, body))) for body in bodies},
        {product.key: verdict(world, product.key, scope.as_of) for product in world.products},
    )


@st.composite
def pairs_of_dates(draw: st.DrawFn) -> tuple[World, Scope, date, date]:
    world = draw(worlds())
    since, until = sorted((draw(at_dates()), draw(at_dates() | st.just(today()))))
    return world, draw(scopes(world)), since, until


@settings(steadily, max_examples=examples(80))
@given(pairs_of_dates())
async def test_between_two_dates_each_side_is_what_the_oracle_says(
    database: Database, question: tuple[World, Scope, date, date]
) -> None:
    world, scope, since, until = question
    before, after = (expected(world, replace(scope, as_of=day)) for day in (since, until))
    async with loaded(database, world) as registry:
        asked = await period(registry.session, since=since, until=until)
        undated = replace(as_asked(scope), as_of=None)
        await check(registry, undated, asked, before, after)


async def standing(registry: Loaded, scope: AskedScope) -> Answer:
    """What the rule says now, of the tables as they are."""
    bound = await bind(registry.session, scope)
    rule = with_readiness(bound)
    query = f"{rule} SELECT code, rank, products FROM state JOIN collectivite USING (id)"
    states = (await registry.session.execute(sa.text(query), bound.values)).all()
    query = f"{rule} SELECT product_id, verdict FROM verdict"
    verdicts = dict((await registry.session.execute(sa.text(query), bound.values)).all())
    keys = {identifier: key for key, identifier in registry.products.items()}
    return Answer(
        {row.code: ORDER[row.rank].value for row in states},
        {row.code: frozenset(keys[product] for product in row.products) for row in states},
        {keys[identifier]: word for identifier, word in verdicts.items()},
    )


SCOPES = (
    NATIONAL,
    AskedScope(basis=Basis.CONFIRMED),
    AskedScope(departement="59"),
)


@settings(steadily, max_examples=examples(20))
@given(
    worlds(),
    st.lists(st.tuples(st.sampled_from(WRITES), st.integers(0, 2**32)), min_size=1, max_size=6),
)
async def test_between_two_entries_each_side_is_what_was_answered_then(
    database: Database, world: World, writes: Sequence[tuple[Write, int]]
) -> None:
    async with loaded(database, world) as registry:
        await record_what_no_import_brings(registry)
        remembered = {await head(registry.session): await answers(registry)}
        for write, seed in writes:
            await write(registry.session, Random(seed))
            remembered[await head(registry.session)] = await answers(registry)
        numbers = [*remembered]
        for since, until in {*pairwise(numbers), (numbers[0], numbers[-1])}:
            asked = await period(registry.session, since_entry=since, until_entry=until)
            for number, scope in enumerate(SCOPES):
                before, after = remembered[since][number], remembered[until][number]
                await check(registry, scope, asked, before, after)


async def record_what_no_import_brings(registry: Loaded) -> None:
    bodies = [*registry.bodies.values()]
    await ledger.append(registry.session, "create", "collectivite", bodies)
    campaign = (await registry.session.scalars(sa.text("SELECT id FROM campaign"))).all()
    await ledger.append(registry.session, "edit", "campaign", campaign)


async def answers(registry: Loaded) -> list[Answer]:
    return [await standing(registry, scope) for scope in SCOPES]


async def test_a_late_declaration_moves_the_ledger_and_not_the_dates(database: Database) -> None:
    """Said today of a day long past: both dates know of it, the earlier entry does not."""
    async with loaded(database, one_app(deployments=())) as registry:
        session = registry.session
        said = await head(session)
        await session.execute(LATE, {"body": registry.bodies["59001"]})
        (late,) = await session.scalars(sa.text("SELECT id FROM deployment"))
        await ledger.append(session, "create", "deployment", [late])
        yesterday = today() - timedelta(days=1)
        by_dates = await period(session, since=yesterday)
        by_entries = await period(session, since_entry=said)
        assert (await changes.count(session, NATIONAL, by_dates)).moved == 0
        (row,) = (await changes.of_collectivites(session, NATIONAL, by_entries)).slice.rows
        assert (row.code, row.before, row.after) == (
            "59001",
            "NO_KNOWN_SOFTWARE",
            "COST_UNKNOWN",
        )


async def test_pages_of_changes_are_slices_of_them(database: Database) -> None:
    codes = [f"59{number:03d}" for number in range(1, 6)]
    world = one_app(
        bodies=tuple(town(code) for code in codes),
        products=(product("a"), product("b"), product("c")),
        integrations=(),
        deployments=tuple(
            uses(code, slug) for code in codes for slug in "abc" if slug != "b" or code > "59003"
        ),
    )
    async with loaded(database, world) as registry:
        session = registry.session
        asked = await period(session, since=date(2020, 1, 1), until=date(2024, 1, 1))
        by_code = partial(changes.of_collectivites, session, NATIONAL, asked, None)
        by_product = partial(changes.of_products, session, NATIONAL, asked)
        assert [row.code for row in await all_pages(by_code)] == codes
        assert [row.slug for row in await all_pages(by_product)] == ["a", "c", "b"]
        beyond = Page(first=1, after=(await by_code(Page(first=5))).slice.cursors[-1])
        last = await by_code(beyond)
        assert (last.slice.rows, last.slice.has_previous, last.total) == ((), True, 5)
        with pytest.raises(InvalidInput):
            await by_product(beyond)


async def all_pages(ask: Callable[[Page], Awaitable[changes.ChangePage[Any]]]) -> list[Any]:
    rows: list[Any] = []
    after = None
    while True:
        found = await ask(Page(first=2, after=after))
        rows += found.slice.rows
        if not found.slice.has_next:
            assert len(rows) == found.total
            return rows
        after = found.slice.cursors[-1]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "since"),
        ({"since": date(2024, 1, 1), "since_entry": 1}, "since"),
        ({"since": date(2024, 1, 1), "until_entry": 1}, "until_entry"),
        ({"since_entry": 1, "until": date(2024, 1, 1)}, "until"),
        ({"since": date(2024, 1, 2), "until": date(2024, 1, 1)}, "since"),
        ({"since": date(1800, 1, 2)}, "since"),
        ({"since_entry": 0}, "since_entry"),
        ({"since_entry": 2**70}, "since_entry"),
        ({"since_entry": 1, "until_entry": 10_000}, "until_entry"),
        ({"since_entry": 2, "until_entry": 1}, "since_entry"),
    ],
)
async def test_moments_that_cannot_be_compared_are_refused(
    database: Database, asked: dict[str, Any], field: str
) -> None:
    async with database.read() as session:
        with pytest.raises(InvalidInput) as refused:
            await period(session, **asked)
    assert refused.value.field == field


async def test_a_scope_with_a_date_is_refused(database: Database) -> None:
    async with database.read() as session:
        asked = await period(session, since=date(2024, 1, 1))
        with pytest.raises(InvalidInput, match="asOf"):
            await changes.count(session, AskedScope(as_of=date(2024, 1, 1)), asked)
