"""Every mutation by every actor, with both walls, then each wall alone."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from graphql import GraphQLObjectType

from registry.api.door import GraphQLDoor
from registry.api.requests import Asked
from registry.api.schema import build_schema
from registry.auth.rates import Rates
from registry.database import Database, connected
from registry.domain import constraints, policy
from registry.domain.actor import ADMINISTRATOR, Actor
from registry.domain.policy import Action, Capacity
from registry.embedded import Addresses
from registry.settings import ROOT, Settings
from tests.api.test_matrix import world
from tests.api.test_matrix.cells import ROWS, Row
from tests.api.test_matrix.world import World
from tests.conftest import reset

HEAD = sa.text("SELECT coalesce(max(seq), 0) FROM ledger")
CALL = "mutation ($input: {kind}!) {{ {name}(input: $input) {{ __typename {refusal} }} }}"
REFUSAL = "... on Refusal { message }"
REFUSED = {"NotSignedIn", "NotAllowed"}
STRANGERS = ("other_vendor", "other_town", "nobody")
CLAIMED = tuple(Capacity)
HIDDEN = {"Conflict"}
"""What a write says of a row that the wall hides from it: the same input succeeds for its owner."""
PARTIES = {
    "reviewIntegration": "vendor",
    "suspendIntegration": "vendor",
    "inviteCommitment": "vendor",
    "acceptCommitment": "vendor",
    "settleSoftware": "town",
    "refuseSoftware": "town",
}
"""What the ministry alone does on a party's own records, which that party must not do itself."""
UNJUDGED = {
    "createToken": "one makes one's own: there is no stranger",
    "renameProduct": "by its vendor: a slug is a column of its own row, as its name is",
    "nameDelegate": "by a delegate: the database is told for whom one acts, not as a member",
    "endDelegation": "by a delegate, likewise",
    "rotateToken": "by a delegate, likewise",
    "revokeToken": "by a delegate, likewise",
}
"""Who is not tried against the database alone, and why; nor are the scopes of any token."""


@dataclass(frozen=True)
class Outcome:
    kind: str
    message: str


def _mutations() -> dict[str, str]:
    """Each with the type of its input."""
    root = build_schema()._schema.mutation_type
    assert isinstance(root, GraphQLObjectType)
    return {name: str(field.args["input"].type).rstrip("!") for name, field in root.fields.items()}


KINDS = _mutations()
CELLS = [
    pytest.param(row, name, id=f"{row.mutation}-{rank}-{name}")
    for rank, row in enumerate(ROWS)
    for name in world.NAMES
]


@pytest.fixture(scope="module")
async def built(addresses: Addresses, shared_database: Database) -> World:
    await reset(addresses)
    async with shared_database.transaction(ADMINISTRATOR) as session:
        return await world.build(session)


@pytest.fixture(scope="module")
async def unwalled(addresses: Addresses) -> AsyncIterator[Database]:
    """The owner of the tables, whom no row policy binds."""
    async with connected(addresses.owner, role="none") as database:
        yield database


@cache
def _door(database: Database) -> GraphQLDoor:
    return GraphQLDoor(database, Settings(), Rates(0, 0))


async def _free() -> None:
    pass


async def _asked(database: Database, world: World, row: Row, name: str, *, dry: bool) -> Outcome:
    return await _run(database, row, dict(row.given(world)), world.actors[name], dry=dry)


async def _run(
    database: Database, row: Row, given: dict[str, Any], actor: Actor, *, dry: bool
) -> Outcome:
    door = _door(database)
    query = CALL.format(kind=KINDS[row.mutation], name=row.mutation, refusal=REFUSAL)
    asked = Asked(query, {"input": given}, None, {})
    context = replace(
        door.context(asked, actor, door.rates.of("")),
        transaction=partial(database.transaction, actor, dry_run=dry),
        charge=_free,
    )
    result = await door.schema.execute(query, {"input": given}, context)
    assert not result.errors, result.errors
    assert result.data is not None
    said = result.data[row.mutation]
    return Outcome(said["__typename"], said.get("message", ""))


async def _head(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(HEAD) or 0


async def _check(database: Database, built: World, row: Row, name: str) -> None:
    """What is allowed is undone, so that every cell meets the same world; a refusal might write."""
    allowed = name in row.may
    before = await _head(database)
    outcome = await _asked(database, built, row, name, dry=allowed)
    if allowed:
        assert not outcome.message, outcome
    else:
        assert outcome.kind in REFUSED, outcome
        assert await _head(database) == before


def test_the_table_has_a_row_for_each_mutation_and_no_other() -> None:
    assert {row.mutation for row in ROWS} == set(KINDS)


@pytest.mark.parametrize(("row", "name"), CELLS)
async def test_both_walls(shared_database: Database, built: World, row: Row, name: str) -> None:
    await _check(shared_database, built, row, name)


@pytest.mark.parametrize(("row", "name"), CELLS)
async def test_the_domain_alone(unwalled: Database, built: World, row: Row, name: str) -> None:
    await _check(unwalled, built, row, name)


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Callable[[Capacity], None]:
    """The domain takes anyone for what they claim to be."""
    monkeypatch.setattr(policy, "_said_it", lambda *_: False)

    def claim(claimed: Capacity) -> None:
        monkeypatch.setattr(policy, "_acts_as", lambda capacity, *_: capacity is claimed)

    return claim


@pytest.mark.parametrize(
    ("row", "name"),
    [
        pytest.param(row, name, id=f"{row.mutation}-{rank}-{name}")
        for rank, row in enumerate(ROWS)
        for name in (*STRANGERS, *filter(None, [PARTIES.get(row.mutation)]))
        if name not in row.may
    ],
)
async def test_the_database_alone(
    shared_database: Database,
    built: World,
    claims: Callable[[Capacity], None],
    row: Row,
    name: str,
) -> None:
    before = await _head(shared_database)
    # Without an establishment, so that the ministry's list of them stops nobody here.
    stranger = replace(built.actors[name], siret=None)
    stopped = []
    for capacity in CLAIMED:
        claims(capacity)
        outcome = await _run(shared_database, row, dict(row.given(built)), stranger, dry=False)
        assert outcome.kind in REFUSED | HIDDEN, (capacity, outcome)
        if outcome.message == constraints.WALL or outcome.kind in HIDDEN:
            stopped.append(capacity)
    assert stopped, "The domain refused it for another reason, so that the wall was not tried."
    assert await _head(shared_database) == before


def test_what_the_database_does_not_judge_is_of_the_table() -> None:
    assert set(UNJUDGED) <= {row.mutation for row in ROWS}


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row.mutation}-{rank}") for rank, row in enumerate(ROWS)]
)
async def test_each_mutation_asks_the_policy(
    shared_database: Database, built: World, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    asked: list[Action] = []
    admit = policy.admit

    def noted(actor: Actor, action: Action) -> policy.Rule:
        asked.append(action)
        return admit(actor, action)

    monkeypatch.setattr(policy, "admit", noted)
    outcome = await _asked(shared_database, built, row, min(row.may), dry=True)
    assert asked
    assert not outcome.message


def test_each_action_is_asked_for_somewhere() -> None:
    sources = [path for path in (ROOT / "registry").rglob("*.py") if path.name != "policy.py"]
    named = set(re.findall(r"\bAction\.([A-Z_]+)", "".join(map(Path.read_text, sources))))
    assert {action.name for action in Action} - named == set()
    assert set(policy.RULES) == set(Action)
