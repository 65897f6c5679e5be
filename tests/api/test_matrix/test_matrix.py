"""Every mutation by every actor, with both walls, then each wall alone."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from graphql import GraphQLObjectType

from registry.api import execution
from registry.api.door import OPERATIONS, GraphQLDoor
from registry.api.reads import Reads
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
    "nameDelegate": "delegate",
    "endDelegation": "delegate",
    "rotateToken": "delegate",
    "revokeToken": "delegate",
}
"""What the ministry alone does on a party's own records, which that party must not do itself; and
what an organisation does for itself, which its delegates must not.
"""
UNSEEN = {"endDelegation", "rotateToken", "revokeToken"}
"""What is done to a row that the wall shows to its organisation alone: to others there is none."""
UNJUDGED = {
    "createToken": "one makes one's own: there is no stranger",
    "renameProduct": "by its vendor: a slug is a column of its own row, as its name is",
}
"""Who is not tried against the database alone, and why; nor are the scopes of any token."""


def _strangers(row: Row) -> list[str]:
    names = (*STRANGERS, *filter(None, [PARTIES.get(row.mutation)]))
    return [name for name in names if name not in row.may]


def _hidden(row: Row) -> frozenset[str]:
    return frozenset({"NotFound"} if row.mutation in UNSEEN else ())


def _by_row(rows: Iterable[Row]) -> pytest.MarkDecorator:
    named = [pytest.param(row, id=f"{row.mutation}-{ROWS.index(row)}") for row in rows]
    return pytest.mark.parametrize("row", named)


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
    reads = Reads(database, door.share, door.connections_per_request, asyncio.timeout(None))
    context = replace(
        door.context(asked, actor, door.rates.of(""), reads),
        transaction=partial(database.transaction, actor, dry_run=dry),
        charge=_free,
    )
    result = await execution.run(door.schema._schema, context, OPERATIONS["POST"])
    if result.errors:
        return Outcome("Error", str(result.errors))
    assert result.data is not None
    said = result.data[row.mutation]
    return Outcome(said["__typename"], said.get("message", ""))


async def _head(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(HEAD) or 0


async def _faults(
    database: Database, built: World, row: Row, hidden: frozenset[str] = frozenset()
) -> list[str]:
    """What is allowed is undone, so that every cell meets the same world; a refusal might write."""
    faults = []
    head = await _head(database)
    for name in world.NAMES:
        allowed = name in row.may
        outcome = await _asked(database, built, row, name, dry=allowed)
        if outcome.message if allowed else outcome.kind not in REFUSED | hidden:
            faults.append(f"{name}, allowed: {allowed}, {outcome}")
        head, before = await _head(database), head
        if head != before:
            faults.append(f"{name}, allowed: {allowed}, wrote")
    return faults


def test_the_table_has_a_row_for_each_mutation_and_no_other() -> None:
    assert {row.mutation for row in ROWS} == set(KINDS)


@_by_row(ROWS)
async def test_both_walls(shared_database: Database, built: World, row: Row) -> None:
    faults = await _faults(shared_database, built, row, _hidden(row))
    assert not faults, "\n".join(faults)


@_by_row(ROWS)
async def test_the_domain_alone(unwalled: Database, built: World, row: Row) -> None:
    faults = await _faults(unwalled, built, row)
    assert not faults, "\n".join(faults)


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Callable[[Capacity], None]:
    """The domain takes anyone for what they claim to be."""
    monkeypatch.setattr(policy, "_said_it", lambda *_: False)

    def claim(claimed: Capacity) -> None:
        monkeypatch.setattr(policy, "_acts_as", lambda capacity, *_: capacity is claimed)

    return claim


@_by_row(filter(_strangers, ROWS))
async def test_the_database_alone(
    shared_database: Database, built: World, claims: Callable[[Capacity], None], row: Row
) -> None:
    faults = []
    before = await _head(shared_database)
    for name in _strangers(row):
        # Without an establishment, so that the ministry's list of them stops nobody here.
        stranger = replace(built.actors[name], siret=None)
        stopped = False
        for capacity in CLAIMED:
            claims(capacity)
            outcome = await _run(shared_database, row, dict(row.given(built)), stranger, dry=False)
            if outcome.kind not in REFUSED | HIDDEN | _hidden(row):
                faults.append(f"{name} as {capacity}: {outcome}")
            stopped |= outcome.message == constraints.WALL
            stopped |= outcome.kind in HIDDEN | _hidden(row)
        if not stopped:
            faults.append(f"{name}: refused for another reason, so that the wall was not tried")
    assert not faults, "\n".join(faults)
    assert await _head(shared_database) == before


def test_what_the_database_does_not_judge_is_of_the_table() -> None:
    assert set(UNJUDGED) <= {row.mutation for row in ROWS}


@_by_row(ROWS)
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
